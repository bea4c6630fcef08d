import type { Absence } from "../../runtime/client/pm2/absent.ts";
import { xmError } from "../../runtime/contract/errors.ts";

const account: Absence = {
  what: "there is no cloud service behind Ex Machina, and no account to link (docs/explanation/scope.md)",
  fix: "use `xm inspect` for the page, `xm metrics` for your own monitoring system, `xm web` for PM2's JSON",
};

const page: Absence = {
  what: "the page is local to this machine; there is no web service",
  fix: "`xm inspect` opens it; docs/how-to/inspect.md describes access from another machine",
};

const measured: Absence = {
  what: "every app is measured without further setup, and nothing leaves this machine",
  fix: "`xm ls`, `xm describe NAME`, and `xm metrics` for Prometheus, and `xm otel` for OpenTelemetry",
};

const tracing: Absence = {
  what: "Ex Machina does not trace your apps",
  fix: "load your tracer yourself: `--node-args '--require ./tracing.cjs'`",
};

/** PM2's commands that are not among ours: those that come later, and those that never will. */
const absent: Readonly<Record<string, Absence>> = {
  autoinstall: {
    what: "Ex Machina installs nothing by itself",
    fix: "metrics, log rotation and machine metrics are built in: `xm metrics`, `xm rotate`, `xm slist`",
  },
  logrotate: {
    what: "log rotation is built in and needs no logrotate(8) file",
    fix: "`xm rotate` rotates now; docs/how-to/rotate-logs.md lists the settings",
  },
  plus: page,
  register: account,
  link: account,
  unlink: account,
  login: account,
  logout: account,
  open: page,
  monitor: measured,
  unmonitor: measured,
  deepUpdate: {
    what: "Ex Machina does not install itself",
    fix: "`npm install -g exmachina@latest`, then `xm update`; apps keep running",
  },
  "install-otel": tracing,
  "uninstall-otel": tracing,
};

/** Names that share a reason are grouped, for the command reference. */
export function absences(): readonly (Absence & { readonly names: readonly string[] })[] {
  const distinct = [...new Set(Object.values(absent))];
  return distinct.map((absence) => ({
    ...absence,
    names: Object.keys(absent).filter((name) => absent[name] === absence),
  }));
}

/** The error for a command of PM2's that is not here; `undefined` for a name that PM2 does not have either. */
export function absentCommand(name: string): Error | undefined {
  const absence = Object.hasOwn(absent, name) ? absent[name] : undefined;
  if (absence === undefined) return undefined;
  const { what, fix } = absence;
  return xmError("ERR_COMMAND_ABSENT", { what: `\`xm ${name}\`: ${what}`, fix });
}
