import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where a home's files are. All paths are absolute. */
export interface HomePaths {
  /** It was chosen by `PM2_HOME` when it was made, and its files have PM2's names. */
  readonly isPm2Layout: boolean;
  readonly home: string;
  /** The API's unix socket. */
  readonly socket: string;
  /** The socket that the preloads of apps connect to. */
  readonly links: string;
  /** Folder of the balancers' sockets. */
  readonly balancers: string;
  /** Folder of the pipes whose lines are changed, and of their lane's socket. */
  readonly pipes: string;
  /** Which log files without a name are carried into those that have it. */
  readonly carried: string;
  /** Where apps leave exit codes that nobody waited for. */
  readonly exits: string;
  /** The named pipes that are the standard input of fork-mode apps, by id. */
  readonly stdin: string;
  readonly pidFile: string;
  /** The daemon's own log. */
  readonly log: string;
  readonly state: string;
  readonly history: string;
  /** The inspector's port and sessions, while it is open. */
  readonly inspector: string;
  readonly logs: string;
  readonly pids: string;
  /** PM2's saved list (`xm save`) and the one before. */
  readonly dump: string;
  readonly dumpBackup: string;
  /** PM2's settings (`xm set`). */
  readonly settings: string;
}

/** The home of this call: `XM_HOME`, else `PM2_HOME`, else `~/.xm`. */
export function resolveHome(env: Readonly<Record<string, string | undefined>>): string {
  const chosen = env["XM_HOME"] || env["PM2_HOME"];
  return chosen === undefined || chosen === "" ? join(homedir(), ".xm") : resolve(chosen);
}

/**
 * The paths of a home. A home of PM2's layout, chosen by `PM2_HOME` when it is made, names its own log and pid file
 * as PM2's users know them; which layout it has is seen from the log that is there.
 */
export function homePaths(home: string): HomePaths {
  return {
    home,
    get isPm2Layout() {
      return isPm2Layout(home);
    },
    socket: join(home, "god.sock"),
    links: join(home, "apps.sock"),
    balancers: join(home, "balancers"),
    pipes: join(home, "pipes"),
    carried: join(home, "carried"),
    exits: join(home, "exits"),
    stdin: join(home, "stdin"),
    get pidFile() {
      return join(home, isPm2Layout(home) ? "pm2.pid" : "god.pid");
    },
    get log() {
      return join(home, isPm2Layout(home) ? "pm2.log" : "god.log");
    },
    state: join(home, "state"),
    history: join(home, "history"),
    inspector: join(home, "inspector.json"),
    logs: join(home, "logs"),
    pids: join(home, "pids"),
    dump: join(home, "dump.pm2"),
    dumpBackup: join(home, "dump.pm2.bak"),
    settings: join(home, "module_conf.json"),
  };
}

function isPm2Layout(home: string): boolean {
  if (existsSync(join(home, "god.log"))) return false;
  return existsSync(join(home, "pm2.log")) || isChosenByPm2Home(process.env, home);
}

/** Whether a home is what `PM2_HOME` says, with nothing of ours over it. */
function isChosenByPm2Home(
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): boolean {
  const { XM_HOME: own, PM2_HOME: theirs } = env;
  return !own && theirs !== undefined && theirs !== "" && resolve(theirs) === home;
}
