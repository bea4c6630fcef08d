#!/bin/sh
# Limits of memory, CPU and processes under cgroup version 2 with all its controllers, in a small machine of QEMU that has nothing
# but Node and this build. A long run (about two minutes, less with KVM), and not part of `npm test`. Needs:
#   apt-get install qemu-system-x86 cpio busybox-static util-linux
# The kernel comes from the Debian mirror once; it is kept in $XM_QEMU.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
work=${XM_QEMU:-${TMPDIR:-/tmp}/xm-qemu}
root=$work/limits
mkdir -p "$work"

if [ -z "$(ls "$work"/linux-image-*.deb 2> /dev/null)" ]; then
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: *//p' | head -n 1)
  (cd "$work" && apt-get download "$package")
fi
[ -d "$work/kernel" ] || dpkg -x "$(ls "$work"/linux-image-*.deb | head -n 1)" "$work/kernel"
kernel=$(ls "$work"/kernel/boot/vmlinuz-*)

rm -rf "$root"
mkdir -p "$root/bin" "$root/usr/bin" "$root/etc" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/root" "$root/home/user" "$root/opt/xm/node_modules"
cp "$(command -v busybox)" "$root/bin/busybox"
for each in sh cat ls rm mkdir mount sleep echo grep sed tr wc chown chmod kill ps env mkfifo head tail test find poweroff setsid; do
  ln -s busybox "$root/bin/$each"
done
add() {
  cp -L "$1" "$root$2"
  ldd "$1" | grep -o '/[^ ]*' | while read -r library; do
    [ -e "$root$library" ] || { mkdir -p "$root$(dirname "$library")"; cp -L "$library" "$root$library"; }
  done
}
add "$(readlink -f "$(command -v node)")" /usr/bin/node
for each in prlimit choom nice ionice setpriv; do add "$(command -v $each)" "/usr/bin/$each"; done
ln -s ../../bin/busybox "$root/usr/bin/env"
cp -r "$here/dist" "$here/package.json" "$root/opt/xm/"
for each in chokidar readdirp croner dayjs json5 picomatch pidusage safe-buffer ws yaml; do
  [ ! -d "$here/node_modules/$each" ] || cp -r "$here/node_modules/$each" "$root/opt/xm/node_modules/"
done
printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' > "$root/etc/passwd"
printf 'root:x:0:\nuser:x:1000:\n' > "$root/etc/group"
cp "$here/tests/qemu/limits-in-machine.sh" "$here/tests/qemu/limits-apps.cjs" "$root/opt/"
cat > "$root/init" <<'INIT'
#!/bin/sh
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t tmpfs -o mode=1777 none /tmp
mount -t cgroup2 none /sys/fs/cgroup
sh /opt/limits-in-machine.sh > /dev/console 2>&1
poweroff -f
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1 > "$work/limits.gz")

# KVM when it is there and boots; where it hangs, the machine is emulated.
machine() {
  timeout "${XM_QEMU_SECONDS:-600}" qemu-system-x86_64 -accel "$1" -m 1024 -smp 2 -nographic -no-reboot \
    -kernel "$kernel" -initrd "$work/limits.gz" -append "console=ttyS0 quiet psi=1 panic=-1" \
    -serial mon:stdio < /dev/null > "$work/limits.log" 2>&1 &
  pid=$!
  waited=0
  until grep -aq '^# begin' "$work/limits.log"; do
    sleep 1
    waited=$((waited + 1))
    if [ $waited -ge "$2" ] || ! kill -0 $pid 2> /dev/null; then
      kill $pid 2> /dev/null || :
      wait $pid || :
      echo "# $1: it does not boot"
      return 1
    fi
  done
  wait $pid || :
}
if [ -n "${XM_ACCEL:-}" ]; then machine "$XM_ACCEL" 120
else { [ -w /dev/kvm ] && machine kvm 20; } || machine tcg 120 || machine tcg 120; fi
tr -d '\r' < "$work/limits.log" | grep -a '^\(ok\|not ok\|#\) ' || :
wanted=$(grep -c '^ *is "' "$here/tests/qemu/limits-in-machine.sh")
tr -d '\r' < "$work/limits.log" | grep -ac '^ok ' | {
  read -r count
  echo "$count of $wanted"
  [ "$count" = "$wanted" ]
}
