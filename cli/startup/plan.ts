import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { xmError } from "../../runtime/contract/errors.ts";
import { userVariables } from "../../runtime/host/users.ts";

/** What starts a machine's services. */
export const initSystems = ["systemd", "openrc", "runit", "s6", "launchd"] as const;

export type InitSystem = (typeof initSystems)[number];

/** One boot script: whose daemon is started, by what, and where that is written. */
export interface BootPlan {
  readonly system: InitSystem;
  /** The user's own service manager; no root. */
  readonly isUser: boolean;
  readonly service: string;
  readonly user: string;
  readonly userHome: string;
  /** Of the daemon. */
  readonly home: string;
  /** Starts when the network is up, and not before. */
  readonly waitsForNetwork: boolean;
  /** The Node and the daemon of the call, which are tried first. */
  readonly node: string;
  readonly god: string;
  /** The script that finds them; belongs to root unless the service is the user's own. */
  readonly launcher: string;
  /** What the service manager reads. */
  readonly unit: string;
}

export interface PlanOptions {
  readonly system: string | undefined;
  readonly user: string | undefined;
  readonly service: string | undefined;
  readonly isUser: boolean;
  readonly waitsForNetwork: boolean;
  /** What `--hp` or `XM_HOME` says. */
  readonly home: string | undefined;
  readonly node: string;
  readonly god: string;
}

/**
 * What a call of `xm startup` is about.
 * @throws `ERR_USAGE`
 */
export function planBoot(options: PlanOptions): BootPlan {
  const { isUser, waitsForNetwork, node, god } = options;
  const system = systemFrom(options.system);
  if (isUser && system !== "systemd" && system !== "launchd") {
    throw wrong(`${system} has no user services`, "omit --user and run it as root");
  }
  const own = process.env["USER"] || process.env["LOGNAME"] || "root";
  const user = options.user ?? (process.getuid?.() === 0 ? "root" : own);
  const isSelf = user === own || (user === "root" && process.getuid?.() === 0);
  // One's own service manager reads where HOME is; the machine's, what the user's entry says.
  const entry = isUser ? undefined : userVariables(user)["HOME"];
  const userHome = entry ?? (isSelf ? homedir() : undefined);
  if (userHome === undefined || userHome === "/") {
    throw wrong(`there is no user "${user}" with a home`, "name another with -u");
  }
  if (isUser && !isSelf)
    throw wrong("--user applies only to your own user", "without --user, -u takes any user");
  const home = homeOf(options.home, userHome);
  for (const path of [home, node, god]) {
    // A line of a unit, a quote of a shell.
    if (/[\n\r"]/.test(path))
      throw wrong(
        `${JSON.stringify(path)} cannot be written into a boot script`,
        "choose a path without quotes and line breaks",
      );
  }
  const service = options.service ?? (isUser ? "xm" : `xm-${user}`);
  if (!/^[A-Za-z0-9][A-Za-z0-9:_.-]{0,99}$/.test(service)) {
    throw wrong(
      `--service-name: expected letters, digits and dashes, got "${service}"`,
      "for example `--service-name xm`",
    );
  }
  const launcher = isUser
    ? join(userHome, ".local/share/exmachina", `${service}.sh`)
    : join("/usr/local/lib/exmachina", `${service}.sh`);
  const unit = unitFile(system, { isUser, service, userHome });
  return {
    system,
    isUser,
    service,
    user,
    userHome,
    home,
    waitsForNetwork,
    node,
    god,
    launcher,
    unit,
  };
}

/** PM2's `--hp` is the user's home, ours the daemon's: a copied PM2 line means the same. */
function homeOf(named: string | undefined, userHome: string): string {
  if (named === undefined || named === "") return join(userHome, ".xm");
  return resolve(named) === resolve(userHome) ? join(userHome, ".xm") : resolve(named);
}

function systemFrom(named: string | undefined): InitSystem {
  const word = (named ?? "").toLowerCase();
  const found = initSystems.find((each) => each === (aliases[word] ?? word));
  if (found !== undefined) return found;
  if (named !== undefined) {
    throw wrong(
      `expected ${initSystems.join(", ")}, got "${named}"`,
      "`xm startup` alone detects it",
    );
  }
  const here = initSystems.find((system) => traces[system].some((path) => existsSync(path)));
  if (here !== undefined) return here;
  throw wrong(
    "no init system was found here",
    "name one, such as `xm startup systemd`; in a container run `xm-runtime`",
  );
}

/** Whether a word names one, by ours or PM2's names. */
export function isInitSystem(word: string): boolean {
  const name = word.toLowerCase();
  return initSystems.some((each) => each === (aliases[name] ?? name));
}

/** PM2's words for the same. */
const aliases: Readonly<Record<string, InitSystem>> = {
  ubuntu: "systemd",
  ubuntu14: "systemd",
  centos: "systemd",
  redhat: "systemd",
  oracle: "systemd",
  amazon: "systemd",
  arch: "systemd",
  gentoo: "openrc",
  darwin: "launchd",
  macos: "launchd",
};

/** What is there while one runs. */
const traces: Readonly<Record<InitSystem, readonly string[]>> = {
  systemd: ["/run/systemd/system"],
  openrc: ["/run/openrc"],
  runit: ["/run/runit", "/etc/runit/runsvdir"],
  s6: ["/run/s6", "/run/s6-rc"],
  launchd: ["/System/Library/LaunchDaemons"],
};

function unitFile(
  system: InitSystem,
  { isUser, service, userHome }: Pick<BootPlan, "isUser" | "service" | "userHome">,
): string {
  if (system === "systemd") {
    const folder = isUser ? join(userHome, ".config/systemd/user") : "/etc/systemd/system";
    return join(folder, `${service}.service`);
  }
  if (system === "openrc") return `/etc/init.d/${service}`;
  if (system === "runit") return `/etc/sv/${service}/run`;
  if (system === "s6") return `/etc/s6/sv/${service}/run`;
  const folder = isUser ? join(userHome, "Library/LaunchAgents") : "/Library/LaunchDaemons";
  return join(folder, `${service}.plist`);
}

function wrong(what: string, fix: string): Error {
  return xmError("ERR_USAGE", { what, fix });
}
