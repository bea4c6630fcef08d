import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { AppSpec } from "../../../machines/spec.ts";
import { messageOf } from "../../contract/errors.ts";
import type { Groups } from "../../host/groups/groups.ts";
import type { Identity } from "../../host/users.ts";
import { end, type Balancer } from "./balancer.ts";
import type { Connection, Hello } from "./connection.ts";
import type { Fleet } from "./fleet.ts";
import { launchBalancer, madeOfSpec } from "./launch.ts";
import { removeFiles } from "./record.ts";

/** The longest a balancer takes to start on a loaded machine. */
const comesUpWithinMs = 20_000;

export interface Beginning {
  readonly fleet: Fleet;
  /** Folder of their sockets. */
  readonly folder: string;
  readonly program: string;
  readonly home: string;
  readonly groups: Groups;
}

/** Starts the balancer of an app, which is the one for its new workers from now on. */
export function beginBalancer(
  { app, spec, identity }: { app: string; spec: AppSpec; identity: Identity },
  { fleet, folder, program, home, groups }: Beginning,
): Balancer | Error {
  const { balancers, older } = fleet;
  const madeOf = madeOfSpec(spec, identity);
  const taken = new Set([...balancers.values(), ...older].map(({ path }) => path));
  const path = freePath(folder, taken);
  let launched: ReturnType<typeof launchBalancer>;
  try {
    launched = launchBalancer({ path, program, home, app, spec, madeOf, identity, groups });
  } catch (error) {
    removeFiles(path);
    return error as Error;
  }
  const { child, secret, startTicks } = launched;
  const balancer: Balancer = {
    app,
    path,
    madeOf,
    pid: child.pid ?? 0,
    startTicks,
    connection: Promise.resolve(undefined),
    isLost: false,
    workers: new Map(),
    linger: undefined,
  };
  balancers.set(app, balancer);
  child.unref();
  balancer.connection = greeted({ balancer, child, secret, fleet });
  return balancer;
}

/** Its connection, once it has greeted and proved to be the one that was started; `undefined` when it did not start. */
function greeted(options: {
  readonly balancer: Balancer;
  readonly child: ChildProcess;
  readonly secret: string;
  readonly fleet: Fleet;
}): Promise<Connection | undefined> {
  const { balancer, child, secret, fleet } = options;
  const { app, path } = balancer;
  let failure: string | undefined;
  const failed = new Promise<never>((_, reject) => {
    child.on("error", (error) => {
      failure = error.message;
      reject(error);
    });
    child.on("exit", (code, signal) => {
      failure = `it ended with ${signal ?? code}`;
      reject(new Error(failure));
      if (balancer.pid > 0) fleet.lose(balancer);
    });
  });
  failed.catch(() => {});
  const doubt = ({ pid }: Hello): string | undefined =>
    pid === balancer.pid ? undefined : `pid ${pid} answered in its place`;
  const line = fleet.reach(balancer, { withinMs: comesUpWithinMs, doubt }).then((connection) => {
    if (connection === undefined) throw new Error(failure ?? `nothing answers at ${path}`);
    connection.send({ order: "claim", secret });
    return connection;
  });
  return Promise.race([line, failed]).catch((error: unknown) => {
    const message = `the balancer of ${app} failed to start: ${messageOf(error)}`;
    fleet.forget(balancer);
    removeFiles(path);
    end(balancer);
    for (const { events } of balancer.workers.values()) events.failed("ERR_CANNOT_SPAWN", message);
    balancer.workers.clear();
    return undefined;
  });
}

/** A path of a socket that is free: neither on disk nor given to a balancer that is coming up. */
function freePath(folder: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number += 1) {
    const path = join(folder, `${number}.sock`);
    if (!existsSync(path) && !taken.has(path)) return path;
  }
}
