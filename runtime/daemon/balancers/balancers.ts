import { existsSync } from "node:fs";
import { join } from "node:path";
import type { AppSpec } from "../../../machines/spec.ts";
import { messageOf } from "../../contract/errors.ts";
import { isAlive, isLiving, readProcess } from "../../host/procfs.ts";
import type { Identity } from "../../host/users.ts";
import type { Up } from "../../contract/app-link/protocol.ts";
import type { News, WorkerEnd, WorkerState } from "../../contract/balancer.ts";
import { doubtsAbout } from "./claimed.ts";
import { connectBalancer, type Connection, type Hello } from "./connection.ts";
import type { Balancers, LifeMark, WorkerEvents, WorkerLine } from "./contract.ts";
import { launchBalancer, madeOfSpec } from "./launch.ts";
import { readRecord, removeFiles, socketsIn } from "./record.ts";
import { steadyAtUptime } from "../../host/clock.ts";

/*
 * The balancers of a home. God starts one when the first process of a cluster app is to run, under the app's own
 * interpreter and with the app's rights, and finds it again by its socket and its record after its own death. A balancer
 * that dies, or says what no balancer says, takes its workers with it: they give up their sockets, finish what is in
 * flight and end, and the processes start again under the next.
 */

/** A balancer without workers ends after this; a crash loop does not pay for a new one each time. */
const lingerMs = 5_000;

/** A balancer hears of a worker's end within this; ms. */
const heardWithinMs = 500;

/** The longest it is waited for when everything ends. */
const quitsWithinMs = 1_000;

/** The longest between the end of its line and its own; ms. */
const endsWithinMs = 1_000;

/** A worker is forked at once; this much later its balancer stands still. */
const answersWithinMs = 15_000;

/** The longest a balancer takes to come up on a loaded machine. */
const comesUpWithinMs = 20_000;

/** The longest one that runs takes to greet; ms. Until then the daemon does not come up. */
const greetsWithinMs = 5_000;

interface Balancer {
  readonly app: string;
  readonly path: string;
  /** Interpreter, scheduling and user: a declaration that changes them needs another balancer. */
  readonly madeOf: string;
  readonly pid: number;
  /** Proof that the pid is still its own; `null` when it is not known. */
  readonly startTicks: number | null;
  connection: Promise<Connection | undefined>;
  isLost: boolean;
  readonly workers: Map<string, Held>;
  linger: NodeJS.Timeout | undefined;
}

/** A worker of this daemon's, and what it is known by when its balancer names its pid. */
interface Held {
  readonly events: WorkerEvents;
  readonly ordered?: { readonly mark: LifeMark; readonly identity: Identity };
  /** Until its balancer has answered the order to start it: one that never does would block its stop forever. */
  late?: NodeJS.Timeout | undefined;
}

export function createBalancers(options: {
  /** Folder of their sockets. */
  readonly folder: string;
  readonly program: string;
  readonly home: string;
  readonly log: (line: string) => void;
}): Balancers {
  const { folder, program, home, log } = options;
  const balancers = new Map<string, Balancer>();
  /** Those of an app that has a newer one; they end with their last worker. */
  const older = new Set<Balancer>();
  const unconfirmed: (() => void)[] = [];
  const states = new Map<string, { balancer: Balancer; state: WorkerState }>();

  const hear = (balancer: Balancer, news: Exclude<News, Hello>): void => {
    if (news.news === "noted") return log(`the balancer of ${balancer.app}: ${news.line}`);
    const { events, ordered, late } = balancer.workers.get(news.life) ?? {};
    clearTimeout(late);
    if (news.news === "forked" && ordered !== undefined) {
      const doubt = doubtsAbout({ pid: news.pid, balancerPid: balancer.pid, ...ordered });
      if (doubt !== undefined) return lose(balancer, doubt);
      events?.forked(news.pid);
    }
    if (news.news === "failed") {
      balancer.workers.delete(news.life);
      events?.failed(news.code, news.message);
    }
    if (news.news === "told") events?.told(news.message);
    if (news.news === "ended") {
      balancer.workers.delete(news.life);
      events?.ended(inSteadyTime(news));
      void balancer.connection.then((line) => line?.send({ order: "forget", life: news.life }));
    }
    if (balancer.workers.size === 0) linger(balancer);
  };
  const linger = (balancer: Balancer): void => {
    clearTimeout(balancer.linger);
    balancer.linger = setTimeout(() => {
      if (balancer.workers.size > 0) return;
      void dismiss(balancer);
    }, lingerMs).unref();
  };
  const dismiss = (balancer: Balancer): Promise<void> => {
    forget(balancer);
    return balancer.connection.then((line) => {
      line?.send({ order: "quit" });
      line?.release();
      removeFiles(balancer.path);
    });
  };
  const forget = (balancer: Balancer): void => {
    balancer.isLost = true;
    clearTimeout(balancer.linger);
    older.delete(balancer);
    if (balancers.get(balancer.app) === balancer) balancers.delete(balancer.app);
  };
  const lose = (balancer: Balancer, fault?: string): void => {
    if (balancer.isLost) return;
    forget(balancer);
    if (fault === undefined) void cleanUpAfter(balancer);
    else {
      log(`the balancer of ${balancer.app} (pid ${balancer.pid}) is ended: ${fault}`);
      removeFiles(balancer.path);
      end(balancer);
    }
    for (const { events } of balancer.workers.values()) events.lost();
    balancer.workers.clear();
  };
  /** One that closed its line without a fault is ending, or has another daemon: then its files are not ours. */
  const cleanUpAfter = async ({ app, pid, path }: Balancer): Promise<void> => {
    if (!(await goneBy(pid, performance.now() + endsWithinMs))) {
      return log(`the balancer of ${app} (pid ${pid}) has another daemon`);
    }
    log(`the balancer of ${app} (pid ${pid}) has died`);
    const record = readRecord(path);
    if (record === undefined || record.pid === pid) removeFiles(path);
  };
  const reach = (
    balancer: Balancer,
    { withinMs, doubt }: { withinMs: number; doubt: (hello: Hello) => string | undefined },
  ): Promise<Connection | undefined> =>
    connectBalancer(balancer.path, {
      withinMs,
      doubt,
      onNews: (news) => hear(balancer, news),
      onLost: (fault) => lose(balancer, fault),
    });

  const endOf = (balancer: Balancer, life: string): Promise<WorkerEnd | undefined> =>
    new Promise((resolve) => {
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
  const begin = (app: string, spec: AppSpec, identity: Identity): Balancer | Error => {
    const madeOf = madeOfSpec(spec, identity);
    const taken = new Set([...balancers.values(), ...older].map(({ path }) => path));
    const path = freePath(folder, taken);
    let launched: ReturnType<typeof launchBalancer>;
    try {
      launched = launchBalancer({ path, program, home, app, spec, madeOf, identity });
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
    let failure: string | undefined;
    const failed = new Promise<never>((_, reject) => {
      child.on("error", (error) => {
        failure = error.message;
        reject(error);
      });
      child.on("exit", (code, signal) => {
        failure = `it ended with ${signal ?? code}`;
        reject(new Error(failure));
        if (balancer.pid > 0) lose(balancer);
      });
    });
    failed.catch(() => {});
    child.unref();
    const doubt = ({ pid }: Hello): string | undefined =>
      pid === balancer.pid ? undefined : `pid ${pid} greets in its place`;
    const greeted = reach(balancer, { withinMs: comesUpWithinMs, doubt }).then((line) => {
      if (line === undefined) throw new Error(failure ?? `nobody answers at ${path}`);
      line.send({ order: "claim", secret });
      return line;
    });
    balancer.connection = Promise.race([greeted, failed]).catch((error: unknown) => {
      const message = `the balancer of ${app} did not come up: ${messageOf(error)}`;
      forget(balancer);
      removeFiles(path);
      end(balancer);
      for (const { events } of balancer.workers.values())
        events.failed("ERR_CANNOT_SPAWN", message);
      balancer.workers.clear();
      return undefined;
    });
    return balancer;
  };
  const lineTo = (balancer: Balancer, life: string): WorkerLine => ({
    tell: (message) => {
      if (!balancer.workers.has(life)) return false;
      void balancer.connection.then((line) => line?.send({ order: "tell", life, message }));
      return true;
    },
    release: () => void balancer.workers.delete(life),
  });
  const takeOver = async (
    path: string,
    mayTrustOld: boolean,
  ): Promise<{ balancer: Balancer; line: Connection } | undefined> => {
    const record = readRecord(path);
    if (record === undefined && !mayTrustOld) {
      log(`${path} has no record: who listens there is not known here, and is left alone`);
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
    const line = await reach(balancer, {
      withinMs: greetsWithinMs,
      doubt: (hello) => {
        const { secret, pid } = hello;
        if (record === undefined) return undefined;
        return secret === record.secret && pid === record.pid
          ? undefined
          : `what greets at ${path} is not the balancer that was put there`;
      },
    }).catch((error: unknown) => {
      log(`the balancer of ${balancer.app || path} is not taken over: ${messageOf(error)}`);
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
  };

  return {
    fork: ({ app, spec, identity, life, mark, command, events }) => {
      const known = balancers.get(app);
      const fits = known !== undefined && known.madeOf === madeOfSpec(spec, identity);
      if (known !== undefined && !fits) older.add(known);
      const balancer = fits ? known : begin(app, spec, identity);
      if (balancer instanceof Error) {
        const message = `the balancer of ${app} cannot be started: ${balancer.message}`;
        setImmediate(() => events.failed("ERR_CANNOT_SPAWN", message));
        return { tell: () => false, release: () => {} };
      }
      clearTimeout(balancer.linger);
      const held: Held = { events, ordered: { mark, identity }, late: undefined };
      balancer.workers.set(life, held);
      void balancer.connection.then((line) => {
        line?.send({ order: "fork", life, command });
        held.late = setTimeout(() => {
          if (balancer.workers.get(life) === held)
            lose(balancer, `it has not started a worker within ${answersWithinMs} ms`);
        }, answersWithinMs).unref();
      });
      return lineTo(balancer, life);
    },
    adopt: ({ lifeId, pid }, events) => {
      const found = states.get(lifeId);
      states.delete(lifeId);
      if (found === undefined || found.balancer.isLost || found.state.pid !== pid) return undefined;
      const { balancer, state } = found;
      clearTimeout(balancer.linger);
      balancer.workers.set(lifeId, { events });
      const { isReady, isListening, said, listens } = state;
      const hello: Up = {
        type: "hello",
        v: 1,
        life: lifeId,
        pid,
        isReady,
        isListening,
        said,
        listens,
      };
      setImmediate(() => events.told(hello));
      return lineTo(balancer, lifeId);
    },
    find: async ({ mayTrustOld }) => {
      const ends = new Map<string, WorkerEnd>();
      await Promise.all(
        socketsIn(folder).map(async (path) => {
          const found = await takeOver(path, mayTrustOld);
          if (found === undefined) return;
          const { balancer, line } = found;
          const { workers, ended } = line.hello;
          if (balancers.has(balancer.app)) older.add(balancer);
          else balancers.set(balancer.app, balancer);
          const late: Promise<WorkerEnd | undefined>[] = [];
          for (const state of workers) {
            const stat = readProcess(state.pid);
            if (stat === undefined || !isLiving(stat)) late.push(endOf(balancer, state.life));
            else states.set(state.life, { balancer, state });
          }
          // A worker may have ended an instant before its balancer noticed.
          for (const heard of [...ended, ...(await Promise.all(late))]) {
            if (heard === undefined) continue;
            ends.set(heard.life, inSteadyTime(heard));
            unconfirmed.push(() => line.send({ order: "forget", life: heard.life }));
          }
          linger(balancer);
        }),
      );
      return ends;
    },
    confirm: () => {
      for (const forgetEnd of unconfirmed.splice(0)) forgetEnd();
    },
    end: (app) => {
      const balancer = balancers.get(app);
      if (balancer === undefined || balancer.workers.size > 0) return;
      void dismiss(balancer);
    },
    quit: async () => {
      await Promise.all(
        [...balancers.values(), ...older].map(async (balancer) => {
          await dismiss(balancer);
          await goneBy(balancer.pid, performance.now() + quitsWithinMs);
        }),
      );
    },
  };
}

/** Ends one that is not trusted any more, or of no use: nothing reaches it. */
function end({ pid, startTicks }: Balancer): void {
  if (startTicks === null || pid === 0 || !isAlive({ pid, startTicks })) return;
  process.kill(pid, "SIGKILL");
}

/** A path of a socket that nobody has, be it on disk or for a balancer that is coming up. */
function freePath(folder: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number += 1) {
    const path = join(folder, `${number}.sock`);
    if (!existsSync(path) && !taken.has(path)) return path;
  }
}

/** Whether a process is gone by then: one nobody waits for may be a zombie for a while, and counts as gone. */
async function goneBy(pid: number, deadline: number): Promise<boolean> {
  for (;;) {
    const stat = readProcess(pid);
    if (stat === undefined || !isLiving(stat)) return true;
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

/** Its own clock may have been set since. */
function inSteadyTime<T extends { readonly at: number; readonly up?: number | undefined }>(
  end: T,
): T {
  return end.up === undefined ? end : { ...end, at: steadyAtUptime(end.up) };
}
