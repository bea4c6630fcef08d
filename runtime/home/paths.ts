import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where a home's files are. All paths are absolute. */
export interface HomePaths {
  readonly home: string;
  /** The API's unix socket. */
  readonly socket: string;
  /** The socket that the preloads of apps connect to. */
  readonly links: string;
  /** Folder of the balancers' sockets. */
  readonly balancers: string;
  /** Folder of the pipes whose lines are changed, and of their lane's socket. */
  readonly pipes: string;
  /** Where apps leave exit codes that nobody waited for. */
  readonly exits: string;
  readonly pidFile: string;
  /** The daemon's own log. */
  readonly log: string;
  readonly state: string;
  readonly history: string;
  readonly logs: string;
  readonly pids: string;
  /** PM2's saved list (`xm save`) and the one before. */
  readonly dump: string;
  readonly dumpBackup: string;
}

/** The home of this call: `XM_HOME`, else `PM2_HOME`, else `~/.xm`. */
export function resolveHome(env: Readonly<Record<string, string | undefined>>): string {
  const chosen = env["XM_HOME"] || env["PM2_HOME"];
  return chosen === undefined || chosen === "" ? join(homedir(), ".xm") : resolve(chosen);
}

export function homePaths(home: string): HomePaths {
  return {
    home,
    socket: join(home, "god.sock"),
    links: join(home, "apps.sock"),
    balancers: join(home, "balancers"),
    pipes: join(home, "pipes"),
    exits: join(home, "exits"),
    pidFile: join(home, "god.pid"),
    log: join(home, "god.log"),
    state: join(home, "state"),
    history: join(home, "history"),
    logs: join(home, "logs"),
    pids: join(home, "pids"),
    dump: join(home, "dump.pm2"),
    dumpBackup: join(home, "dump.pm2.bak"),
  };
}
