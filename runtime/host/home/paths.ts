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
  /** Where PM2's own package looks for its daemon. */
  readonly pm2Socket: string;
  /** Where it listens to its bus. */
  readonly pm2BusSocket: string;
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
  /** What hooks that run have written, and how they ended. */
  readonly hooks: string;
  /** The named pipes that are the standard input of fork-mode apps, by id. */
  readonly stdin: string;
  readonly pidFile: string;
  /** The daemon's own log. */
  readonly log: string;
  readonly state: string;
  readonly history: string;
  /** What processes have used of memory and CPU. */
  readonly usage: string;
  /** The inspector's port and sessions, while it is open. */
  readonly inspector: string;
  readonly logs: string;
  /** What is to be told of, and how far the notifier has come. */
  readonly notices: string;
  /** What a rotation of a log file is about to do. */
  readonly rotation: string;
  readonly pids: string;
  /** PM2's saved list (`xm save`) and the previous one. */
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
 * as PM2's users know them; which layout it has is seen from the log that is there. Variables of PM2's choose single paths,
 * of the caller's and of the daemon that it starts.
 */
export function homePaths(home: string): HomePaths {
  return {
    home,
    get isPm2Layout() {
      return isPm2Layout(home);
    },
    socket: join(home, "god.sock"),
    pm2Socket: chosen("PM2_DAEMON_RPC_PORT") ?? join(home, "rpc.sock"),
    pm2BusSocket: chosen("PM2_DAEMON_PUB_PORT") ?? join(home, "pub.sock"),
    links: join(home, "apps.sock"),
    balancers: join(home, "balancers"),
    pipes: join(home, "pipes"),
    carried: join(home, "carried"),
    exits: join(home, "exits"),
    hooks: join(home, "hooks"),
    stdin: join(home, "stdin"),
    get pidFile() {
      return chosen("PM2_PID_FILE_PATH") ?? join(home, isPm2Layout(home) ? "pm2.pid" : "god.pid");
    },
    get log() {
      return chosen("PM2_LOG_FILE_PATH") ?? join(home, isPm2Layout(home) ? "pm2.log" : "god.log");
    },
    state: join(home, "state"),
    history: join(home, "history"),
    usage: join(home, "usage"),
    inspector: join(home, "inspector.json"),
    logs: chosen("PM2_DEFAULT_LOG_PATH") ?? join(home, "logs"),
    pids: chosen("PM2_DEFAULT_PID_PATH") ?? join(home, "pids"),
    dump: chosen("PM2_DUMP_FILE_PATH") ?? join(home, "dump.pm2"),
    dumpBackup: chosen("PM2_DUMP_BACKUP_FILE_PATH") ?? join(home, "dump.pm2.bak"),
    settings: chosen("PM2_MODULE_CONF_FILE") ?? join(home, "module_conf.json"),
    rotation: join(home, "rotation"),
    notices: join(home, "notices"),
  };
}

/** PM2's variables that choose a path. */
const pathVariables = [
  "PM2_DAEMON_RPC_PORT",
  "PM2_DAEMON_PUB_PORT",
  "PM2_PID_FILE_PATH",
  "PM2_LOG_FILE_PATH",
  "PM2_DEFAULT_LOG_PATH",
  "PM2_DEFAULT_PID_PATH",
  "PM2_DUMP_FILE_PATH",
  "PM2_DUMP_BACKUP_FILE_PATH",
  "PM2_MODULE_CONF_FILE",
] as const;

/** From the folder of the call. */
function chosen(name: (typeof pathVariables)[number]): string | undefined {
  const path = process.env[name];
  return path === undefined || path === "" ? undefined : resolve(path);
}

/** What this call has chosen, for the daemon that it starts elsewhere. */
export function chosenPaths(): Record<string, string> {
  return Object.fromEntries(
    pathVariables.flatMap((name) => {
      const path = chosen(name);
      return path === undefined ? [] : [[name, path]];
    }),
  );
}

function isPm2Layout(home: string): boolean {
  if (existsSync(join(home, "god.log"))) return false;
  return existsSync(join(home, "pm2.log")) || isChosenByPm2Home(process.env, home);
}

/** Whether a home is what `PM2_HOME` says, with no other one of ours over it; a daemon gets its home by our variable. */
function isChosenByPm2Home(
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): boolean {
  const { XM_HOME: own, PM2_HOME: theirs } = env;
  if (own !== undefined && own !== "" && resolve(own) !== home) return false;
  return theirs !== undefined && theirs !== "" && resolve(theirs) === home;
}
