#!/bin/sh
# What `limits.sh` does inside the machine.
export PATH=/usr/bin:/bin NO_COLOR=1 HOME=/root XM_HOME=/tmp/xm
xm() { node /opt/xm/dist/bin/xm.cjs "$@" 2> /tmp/xm-said; }
is() { if [ "$2" = "$3" ]; then echo "ok $1"; else echo "not ok $1: $2, not $3"; fi; }
has() { case $1 in *"$2"*) echo yes ;; *) echo "$1" ;; esac; }
until_true() { tries=0; while ! eval "$1"; do tries=$((tries + 1)); [ $tries -lt 300 ] || return 1; sleep 0.2; done; }
# App, program, more fields.
start() {
  echo "{\"apps\":[{\"name\":\"$1\",\"script\":\"/opt/limits-apps.cjs\",\"args\":\"$2\",\"ready\":\"spawned\",\"restart\":\"never\"$3}]}" > "/tmp/$1.json"
  xm start "/tmp/$1.json" > /dev/null || sed 's/^/# /' /tmp/xm-said
}
pid() { xm pid "$1"; }
group() { sed -n 's/^0:://p' "/proc/$(pid "$1")/cgroup"; }
file() { cat "/sys/fs/cgroup$(group "$1")/$2"; }
field() { sed -n "s/^$2 //p" "$1"; }

begin=$(cut -d. -f1 /proc/uptime 2> /dev/null || sed 's/[. ].*//' /proc/uptime)
printf '\n# begin\n'
# An emulated machine may need longer than a client waits.
until_true 'xm ping > /dev/null' || exit 1
start memory grow ',"memory_max":"96M","swap_max":0'
until_true 'xm why memory | grep -q memory_max'
why=$(xm why memory)
echo "$why" | head -n 1 | sed 's/^/# /'
is "memory: why names the limit" "$(has "$why" "the kernel killed it: over memory_max, 96 MB; peak 9")" yes
is "memory: the exit has the figures" "$(has "$(xm history memory --json)" '"limitBytes":100663296')" yes

start whole parent-of-grow ',"memory_max":"128M","oom_group":true'
until_true 'xm why whole | grep -q memory_max'
is "oom_group: the parent is killed with its child" "$(has "$(xm why whole)" "Ended by SIGKILL (the kernel killed it: over memory_max, 128 MB")" yes

start cpu burn ',"cpu_max":"20%","cpu_weight":50,"memory_high":"300M","pids_max":50'
sleep 3
stat="/sys/fs/cgroup$(group cpu)/cpu.stat"
from=$(field "$stat" usage_usec); before=$(sed 's/ .*//; s/\.//' /proc/uptime)
sleep 15
to=$(field "$stat" usage_usec); after=$(sed 's/ .*//; s/\.//' /proc/uptime)
share=$(((to - from) / (after - before)))
echo "# cpu_max 20 %: $share of 10000"
is "cpu: 20 % within 5 %" "$([ $share -ge 1900 ] && [ $share -le 2100 ] && echo yes)" yes
is "the files say what was declared" "$(file cpu cpu.max) $(file cpu cpu.weight) $(file cpu memory.high) $(file cpu pids.max)" "20000 100000 50 314572800 50"
is "metrics have the peak and the pressure" "$(xm metrics | grep -c '^xm_process_\(memory_peak_bytes\|pressure_.*\){.*app="cpu"')" 7
xm delete cpu > /dev/null

start pids forks ',"pids_max":20'
until_true 'grep -q "failed true" /tmp/xm/logs/pids-out.log'
is "pids: a fork beyond the limit fails" "$(cat /tmp/xm/logs/pids-out.log)" "failed true"
xm delete pids > /dev/null
is "pids: nothing of it is left" "$(ps | grep -c '[s]leep 1000')" 0

start escapes escapes ',"memory_max":"200M"'
until_true 'ps | grep -q "[s]leep 7777"'
xm stop escapes > /dev/null
is "what has left session and environment ends with the app" "$(ps | grep -c '[s]leep 7777')" 0

chmod 755 /tmp/xm 2> /dev/null
start climbs climbs ',"memory_max":"200M","uid":"user","out_file":"/tmp/climbs.log"'
until_true '[ "$(wc -l < /tmp/climbs.log)" -ge 3 ]'
is "another user can neither leave the group nor change its limits" "$(tr '\n' ' ' < /tmp/climbs.log)" "refused refused refused "

start adopted stay ',"memory_max":"96M"'
first=$(pid adopted)
god=$(cat /tmp/xm/god.pid)
kill -9 "$god"
until_true '[ "$(cat /tmp/xm/god.pid 2> /dev/null)" != "$god" ] && [ "$(pid adopted)" = "$first" ]'
is "the next daemon has the same process" "$(pid adopted)" "$first"
xm stop adopted > /dev/null
is "and removes its group" "$(ls /sys/fs/cgroup/xm-*/ | grep -c "^[0-9]")" 1

start crew worker ',"instances":2,"memory_max":"160M","swap_max":0'
until_true 'xm why crew 2> /dev/null | grep -q memory_max || xm history | grep -q memory_max'
is "cluster: a worker's end names the limit" "$(xm history crew 2> /dev/null | grep -c 'over memory_max, 160 MB' | sed 's/[1-9][0-9]*/yes/')" yes

start swap stay ',"io_weight":200'
echo "# io_weight: $(xm why swap | head -n 1)"
xm kill > /dev/null
is "no group is left" "$(ls -d /sys/fs/cgroup/xm-* 2> /dev/null)" ""

# A user who has a group, as a unit with Delegate=yes gives it, and one who has none.
mkdir -p /sys/fs/cgroup/service && chown -R user /sys/fs/cgroup/service /home/user
echo '+memory +pids +cpu' > /sys/fs/cgroup/cgroup.subtree_control
as_user() { (echo 0 > "$1/cgroup.procs"; shift; exec /usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups env HOME=/home/user XM_HOME=/home/user/xm "$@"); }
run="/opt/xm/dist/bin/xm.cjs"
echo '{"apps":[{"name":"mine","script":"/opt/limits-apps.cjs","args":"grow","ready":"spawned","restart":"never","memory_max":"96M","swap_max":0}]}' > /tmp/mine.json
said=$(as_user /sys/fs/cgroup node $run start /tmp/mine.json 2>&1)
is "without delegation the error says how to get it" "$(has "$said" "systemd-run --user --scope -p Delegate=yes")" yes
as_user /sys/fs/cgroup node $run kill > /dev/null 2>&1
as_user /sys/fs/cgroup/service node $run start /tmp/mine.json > /dev/null 2>&1
until_true 'as_user /sys/fs/cgroup node $run why mine | grep -q memory_max'
is "with it the limit holds" "$(has "$(as_user /sys/fs/cgroup node $run why mine)" "over memory_max, 96 MB")" yes
is "and the daemon is in a leaf" "$(sed 's/xm-[0-9a-f]*/xm-TAG/' "/proc/$(cat /home/user/xm/god.pid)/cgroup")" "0::/service/xm-TAG/god"
as_user /sys/fs/cgroup node $run kill > /dev/null
end=$(sed 's/[. ].*//' /proc/uptime)
echo "# $((end - begin)) s"
