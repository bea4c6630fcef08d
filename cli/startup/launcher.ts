import { shellWord } from "../call/shell-word.ts";
import { nodePlaces, nvmPlaces } from "./node-places.ts";
import type { BootPlan } from "./plan.ts";

/**
 * The script that a service manager starts. It looks for Node each time, so that an upgrade by nvm and its like does not
 * break the boot: the Node and the daemon of `xm startup` if they still exist, otherwise what a version manager or PATH has.
 * With `stop` it is asked what a stop is for: the apps outlive a restart of the service, and not its end.
 */
export function launcherText({ service, home, node, god, userHome, isUser }: BootPlan): string {
  const flag = isUser ? " --user" : "";
  return `#!/bin/sh
# Written by \`xm startup\`; \`xm unstartup\` removes it.
god=${shellWord(god)}
home=${shellWord(home)}
user_home=${shellWord(userHome)}

if [ "\${1-}" = stop ]; then
  # systemd stops a service to restart it; the daemon then leaves its apps to the next one.
  if systemctl${flag} list-jobs ${service}.service 2> /dev/null | grep -q ' restart '; then
    kill -s USR2 "$MAINPID" || exit 0
    while kill -s 0 "$MAINPID" 2> /dev/null; do sleep 0.1; done
  fi
  exit 0
fi

start() {
  [ -x "$1" ] || return 0
  "$1" -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2> /dev/null || return 0
  for daemon in "$god" "\${1%/*}/../lib/node_modules/exmachina/dist/bin/god.cjs"; do
    [ -f "$daemon" ] && exec "$1" --max-semi-space-size=1 "$daemon" "$home"
  done
}

start ${shellWord(node)}
${nodePlaces.map((place) => `start "$user_home/${place}/node"`).join("\n")}
# The newest of nvm's comes last.
newest=
for each in "$user_home"/${nvmPlaces}/node; do newest=$each; done
start "$newest"
start /usr/local/bin/node
start "$(command -v node || :)"
echo "${service}: no Node 20 or newer with Ex Machina was found; install them, then run \\\`xm startup\\\` again" >&2
exit 78
`;
}
