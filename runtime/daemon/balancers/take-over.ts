import { messageOf } from "../../contract/errors.ts";
import type { WorkerEnd } from "../../contract/balancer.ts";
import { isAlive } from "../../host/procfs.ts";
import { end, type Balancer, type Held } from "./balancer.ts";
import type { Connection } from "./connection.ts";
import type { WorkerEvents } from "./contract.ts";
import type { Fleet } from "./fleet.ts";
import { readRecord, removeFiles } from "./record.ts";

/** The longest a running balancer takes to greet; ms. The daemon's start waits for it. */
const greetsWithinMs = 5_000;

/** A balancer hears of a worker's end within this; ms. */
const heardWithinMs = 500;

/** Takes over what a former daemon has left behind a socket, if it is what that daemon put there. */
export async function takeOver(
  path: string,
  { fleet, mayTrustOld }: { fleet: Fleet; mayTrustOld: boolean },
): Promise<{ balancer: Balancer; line: Connection } | undefined> {
  const { log } = fleet;
  const record = readRecord(path);
  if (record === undefined && !mayTrustOld) {
    log(`${path} has no record: the process that listens there is unknown and left alone`);
    removeFiles(path);
    return undefined;
  }
  if (record !== undefined && !isAlive(record)) {
    removeFiles(path);
    return undefined;
  }
  const found = { workers: new Map<string, Held>(), isLost: false, linger: undefined };
  const none = Promise.resolve(undefined);
  let balancer: Balancer = {
    app: "",
    madeOf: "",
    pid: 0,
    startTicks: null,
    ...record,
    ...found,
    path,
    connection: none,
  };
  const line = await fleet
    .reach(balancer, {
      withinMs: greetsWithinMs,
      doubt: (hello) => {
        const { secret, pid } = hello;
        if (record === undefined) return undefined;
        return secret === record.secret && pid === record.pid
          ? undefined
          : `the process that answers at ${path} is not the balancer that was started there`;
      },
    })
    .catch((error: unknown) => {
      log(`the balancer of ${balancer.app || path} cannot be taken over: ${messageOf(error)}`);
      return undefined;
    });
  if (line === undefined) {
    removeFiles(path);
    end(balancer);
    return undefined;
  }
  if (record === undefined) {
    const { app, madeOf, pid } = line.hello;
    balancer = Object.assign(balancer, { app, madeOf, pid });
  }
  balancer.connection = Promise.resolve(line);
  return balancer.isLost ? undefined : { balancer, line };
}

/** How a worker ended that has gone already, which its balancer is about to say. */
export function endOf(balancer: Balancer, life: string): Promise<WorkerEnd | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), heardWithinMs);
    const done = (workerEnd?: WorkerEnd): void => {
      clearTimeout(timer);
      resolve(workerEnd);
    };
    const events: WorkerEvents = {
      forked: () => {},
      told: () => {},
      failed: () => done(),
      lost: () => done(),
      ended: (heard) => done({ life, ...heard }),
    };
    balancer.workers.set(life, { events });
  });
}
