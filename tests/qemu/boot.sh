#!/bin/sh
# Boots Debian with systemd in QEMU, twice on one disk, and compares pids: what `xm startup` promises. A long
# run (minutes without KVM), and not part of `npm test`. Needs root, and:
#   apt-get install qemu-system-x86 debootstrap e2fsprogs cpio busybox-static
# A Debian mirror is asked once; the image is kept in $XM_QEMU.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
work=${XM_QEMU:-${TMPDIR:-/tmp}/xm-qemu}
root=$work/root
mkdir -p "$work"

if [ ! -e "$root/sbin/init" ]; then
  mirror=${XM_MIRROR:-$(sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p; s/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null | head -n 1)}
  debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus bookworm "$root" "$mirror"
fi
if [ -z "$(ls "$work"/linux-image-*.deb 2> /dev/null)" ]; then
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: *//p' | head -n 1)
  (cd "$work" && apt-get download "$package")
fi
[ -d "$work/kernel" ] || dpkg -x "$(ls "$work"/linux-image-*.deb | head -n 1)" "$work/kernel"
kernel=$(ls "$work"/kernel/boot/vmlinuz-*)
modules=$(ls -d "$work"/kernel/lib/modules/*)

# The build, Node, a user, and what is done at each boot.
rm -rf "$root/opt/xm" && mkdir -p "$root/opt/xm" "$root/usr/local/bin"
cp -r "$here/dist" "$here/package.json" "$root/opt/xm/"
mkdir -p "$root/opt/xm/node_modules"
for each in chokidar readdirp croner dayjs json5 picomatch pidusage safe-buffer ws yaml; do
  [ ! -d "$here/node_modules/$each" ] || cp -r "$here/node_modules/$each" "$root/opt/xm/node_modules/"
done
cp "$(readlink -f "$(command -v node)")" "$root/usr/local/bin/node"
ldd "$root/usr/local/bin/node" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | while read -r library; do
  [ -e "$root$library" ] || { mkdir -p "$root$(dirname "$library")"; cp -L "$library" "$root$library"; }
done
# As npm does.
chmod +x "$root/opt/xm/dist/bin/xm.cjs"
ln -sf /opt/xm/dist/bin/xm.cjs "$root/usr/local/bin/xm"
grep -q '^deploy:' "$root/etc/passwd" || chroot "$root" useradd -m deploy
cp "$here/tests/qemu/in-machine.sh" "$root/opt/in-machine.sh"
rm -rf "$root/opt/stage" "$root/home/deploy/.xm" "$root"/etc/systemd/system/xm-* "$root"/etc/systemd/system/multi-user.target.wants/xm-*
cat > "$root/etc/systemd/system/in-machine.service" <<UNIT
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh /opt/in-machine.sh
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
TimeoutStartSec=600
[Install]
WantedBy=graphical.target
UNIT
mkdir -p "$root/etc/systemd/system/graphical.target.wants"
ln -sf ../in-machine.service "$root/etc/systemd/system/graphical.target.wants/in-machine.service"
rm -f "$work/disk" && truncate -s 2G "$work/disk"
mke2fs -q -t ext4 -d "$root" "$work/disk"

# A first file system that loads the disk's drivers.
first=$work/first
rm -rf "$first" && mkdir -p "$first/bin" "$first/modules" "$first/root" "$first/proc" "$first/sys" "$first/dev"
cp "$(command -v busybox || ls "$work"/busybox/bin/busybox)" "$first/bin/busybox"
wanted="virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk crc16 mbcache jbd2 crc32c_generic libcrc32c ext4"
for each in $wanted; do
  file=$(find "$modules" -name "$each.ko" | head -n 1)
  [ -z "$file" ] || cp "$file" "$first/modules/"
done
cat > "$first/init" <<INIT
#!/bin/busybox sh
/bin/busybox mount -t proc none /proc
/bin/busybox mount -t devtmpfs none /dev
# Twice: some need one that comes later.
for each in $wanted $wanted; do [ ! -f /modules/\$each.ko ] || /bin/busybox insmod /modules/\$each.ko; done 2> /dev/null
/bin/busybox mount -t ext4 /dev/vda /root
exec /bin/busybox switch_root /root /sbin/init
INIT
chmod +x "$first/init"
(cd "$first" && find . | cpio -o -H newc --quiet | gzip -1 > "$work/first.gz")

for boot in 1 2; do
  echo "boot $boot"
  timeout "${XM_QEMU_SECONDS:-900}" qemu-system-x86_64 -accel "${XM_ACCEL:-tcg}" -m 1024 -smp 1 -nographic -no-reboot \
    -kernel "$kernel" -initrd "$work/first.gz" -append "console=ttyS0 quiet systemd.mask=serial-getty@ttyS0.service systemd.unit=graphical.target" \
    -drive "file=$work/disk,format=raw,if=virtio" -serial mon:stdio < /dev/null > "$work/boot-$boot.log" 2>&1 || :
  grep -a '^\(ok\|not ok\|#\) ' "$work/boot-$boot.log" | tr -d '\r' || :
done
cat "$work/boot-1.log" "$work/boot-2.log" | tr -d '\r' | grep -ac '^ok ' | {
  read -r count
  echo "$count of 12"
  [ "$count" = 12 ]
}
