#!/bin/sh
# What `boot.sh` does inside the machine, at each of its boots.
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NO_COLOR=1
service=xm-deploy
as() { runuser -u deploy -- env HOME=/home/deploy "$@"; }
jlist() { as xm jlist 2> /dev/null | node -e 'let t="";process.stdin.on("data",(d)=>t+=d).on("end",()=>console.log(JSON.parse(t||"[]").map((p)=>p.pid).join(" ")))'; }
# The emulated machine may need longer than a client waits.
pids() { n=0; while found=$(jlist); [ -z "$found" ] && [ $n -lt 10 ]; do n=$((n + 1)); sleep 1; done; echo "$found"; }
god() { systemctl show -p MainPID --value $service; }
is() { if [ "$2" = "$3" ]; then echo "ok $1"; else echo "not ok $1: $2, not $3"; fi; }
until_true() { tries=0; while ! eval "$1"; do tries=$((tries + 1)); [ $tries -lt 240 ] || return 1; sleep 0.5; done; }

if [ ! -e /opt/stage ]; then
  echo 1 > /opt/stage
  mkdir -p /home/deploy/app
  echo 'setInterval(() => {}, 1000)' > /home/deploy/app/app.js
  chown -R deploy /home/deploy
  as xm start /home/deploy/app/app.js --name a 2>&1 | sed 's/^/# /'
  as xm start /home/deploy/app/app.js --name b -f 2>&1 | sed 's/^/# /'
  before=$(pids)
  xm startup systemd -u deploy --hp /home/deploy > /tmp/startup 2>&1
  is "startup succeeds" "$?" 0
  cat /tmp/startup | sed 's/^/# /'
  until_true '[ "$(god)" = "$(cat /home/deploy/.xm/god.pid)" ]'
  is "the service's daemon has taken over, with the same pids" "$(pids)" "$before"
  xm startup systemd -u deploy --hp /home/deploy --check
  is "--check agrees" "$?" 0
  first=$(god)
  systemctl restart $service
  until_true '[ "$(god)" != 0 ] && [ "$(god)" = "$(cat /home/deploy/.xm/god.pid 2> /dev/null)" ]'
  is "systemctl restart: another daemon" "$([ "$(god)" != "$first" ] && echo yes)" yes
  is "systemctl restart: the same pids" "$(pids)" "$before"
  second=$(god)
  kill -9 "$second"
  until_true '[ "$(god)" != "$second" ] && [ "$(god)" != 0 ] && [ "$(god)" = "$(cat /home/deploy/.xm/god.pid 2> /dev/null)" ]'
  is "kill -9 of the daemon: the same pids" "$(pids)" "$before"
  systemctl stop $service
  is "systemctl stop: no app is left" "$(grep -la 'app/app[.]js' /proc/[0-9]*/cmdline 2> /dev/null | wc -l)" 0
  systemctl start $service
  until_true '[ "$(pids | wc -w)" = 2 ]'
  is "systemctl start: both apps" "$(pids | wc -w)" 2
  sync
  systemctl reboot
else
  until_true '[ "$(pids | wc -w)" = 2 ]'
  is "after a boot both apps are up" "$(pids | wc -w)" 2
  is "and the service has them" "$(god)" "$(cat /home/deploy/.xm/god.pid)"
  is "nothing of the service has failed" "$(systemctl is-failed $service)" active
  xm unstartup systemd -u deploy --hp /home/deploy > /dev/null
  is "unstartup leaves the apps running" "$(pids | wc -w)" 2
  sync
  systemctl poweroff
fi
