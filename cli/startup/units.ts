import { shellWord } from "../call/shell-word.ts";
import type { BootPlan } from "./plan.ts";

/** A daemon that a service manager starts has no watchdog of its own, and takes the home over from one that it did not start. */
const variables: Readonly<Record<string, string>> = {
  XM_WATCHDOG: "off",
  XM_SUPERVISED: "1",
  // As for a daemon that `xm` starts (measured with 200 apps: 70 MB without, 65 MB with).
  MALLOC_ARENA_MAX: "1",
  MALLOC_TRIM_THRESHOLD_: "131072",
};

/** The longest grace period that is likely, and what writing the state takes; s. */
const stopsWithinS = 120;

/** What the service manager of a plan reads. */
export function unitText(plan: BootPlan): string {
  return texts[plan.system](plan);
}

function environment({ home }: BootPlan): [name: string, value: string][] {
  return [["XM_HOME", home], ...Object.entries(variables)];
}

/**
 * `KillMode=process`: only the daemon is asked to exit, and it ends its apps; what it leaves running for the next one keeps running.
 * `Type=exec` fails a start that cannot be. Apps may have groups of their own below ours
 * (`Delegate`); the daemon is then in one too, or systemd could not restart it (`DelegateSubgroup`, from version 254 on).
 */
function systemd(plan: BootPlan): string {
  const { user, isUser, launcher, waitsForNetwork } = plan;
  const network = waitsForNetwork ? "network-online.target" : "network.target";
  const lines = environment(plan).map(([name, value]) => `Environment="${name}=${inUnit(value)}"`);
  const command = `/bin/sh "${inUnit(launcher).replaceAll("$", "$$$$")}"`;
  const stop = `${isUser ? "" : "+"}${command} stop`;
  return `# Written by \`xm startup\`; \`xm unstartup\` removes it.
[Unit]
Description=Ex Machina, the process manager of ${user}
After=${network}
${waitsForNetwork ? `Wants=${network}\n` : ""}StartLimitIntervalSec=0

[Service]
Type=exec
${isUser ? "" : `User=${user}\n`}${lines.join("\n")}
ExecStart=${command}
ExecStop=${stop}
Restart=always
RestartSec=1
RestartPreventExitStatus=78
KillMode=process
Delegate=yes
DelegateSubgroup=xm-god
OOMPolicy=continue
LimitNOFILE=infinity
TimeoutStopSec=${stopsWithinS}

[Install]
WantedBy=${isUser ? "default.target" : "multi-user.target"}
`;
}

/** systemd.unit(5): specifiers, and C's escapes in quotes. In a command `$` is a variable as well. */
function inUnit(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("%", "%%");
}

function openrc(plan: BootPlan): string {
  const { user, service, launcher, waitsForNetwork } = plan;
  const env = environment(plan).map(([name, value]) => `export ${name}=${shellWord(value)}`);
  return `#!/sbin/openrc-run
# Written by \`xm startup\`; \`xm unstartup\` removes it.
# shellcheck shell=sh disable=SC2034
name=${shellWord(service)}
description=${shellWord(`Ex Machina, the process manager of ${user}`)}
supervisor=supervise-daemon
command=/bin/sh
command_args=${shellWord(launcher)}
command_user=${shellWord(user)}
respawn_delay=1
respawn_max=0
retry="TERM/${stopsWithinS}/KILL/5"
${env.join("\n")}

depend() {
  ${waitsForNetwork ? "need" : "use"} net
  after bootmisc
}
`;
}

function runit(plan: BootPlan): string {
  const { user, launcher } = plan;
  const env = environment(plan).map(([name, value]) => `export ${name}=${shellWord(value)}`);
  return `#!/bin/sh
# Written by \`xm startup\`; \`xm unstartup\` removes it.
exec 2>&1
${env.join("\n")}
exec chpst -u ${user} /bin/sh ${shellWord(launcher)}
`;
}

function s6(plan: BootPlan): string {
  const { user, launcher } = plan;
  const env = environment(plan).map(([name, value]) => `export ${name}=${shellWord(value)}`);
  return `#!/bin/sh
# Written by \`xm startup\`; \`xm unstartup\` removes it.
${env.join("\n")}
exec s6-setuidgid ${user} /bin/sh ${shellWord(launcher)}
`;
}

function launchd(plan: BootPlan): string {
  const { service, user, isUser, launcher } = plan;
  const env = environment(plan)
    .map(([name, value]) => `    <key>${name}</key><string>${forXml(value)}</string>`)
    .join("\n");
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Written by \`xm startup\`; \`xm unstartup\` removes it. -->
<plist version="1.0">
<dict>
  <key>Label</key><string>${service}</string>
${isUser ? "" : `  <key>UserName</key><string>${forXml(user)}</string>\n`}  <key>ProgramArguments</key>
  <array><string>/bin/sh</string><string>${forXml(launcher)}</string></array>
  <key>EnvironmentVariables</key>
  <dict>
${env}
  </dict>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><true/>
  <key>AbandonProcessGroup</key><true/>
  <key>ExitTimeOut</key><integer>${stopsWithinS}</integer>
</dict>
</plist>
`;
}

function forXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const texts = { systemd, openrc, runit, s6, launchd } as const;
