import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { AppSpec } from "../../../machines/spec.ts";
import { messageOf } from "../../contract/errors.ts";
import { isLiving, readProcess } from "../../host/procfs.ts";
import type { Up } from "../../contract/app-link/protocol.ts";
import { freePath, isSocket, removeFiles } from "./files.ts";
import { connectBalancer, type Connection } from "./connection.ts";
import type { Balancers, WorkerEvents, WorkerLine } from "./contract.ts";
import type { News, WorkerEnd, WorkerState } from "../../contract/balancer.ts";

/*
 * The balancers of a home. God starts one when the first process of a cluster app is to run, under the app's own
 * interpreter, and finds it again by its socket after its own death. A balancer that dies takes its workers with
 * it: they give up their sockets, finish what is in flight and end, and the processes begin anew under the next.
 */

/** A balancer without workers ends after this; a crash loop does not pay for a new one each time. */
const lingerMs = 5_000;

/** A balancer hears of a worker's end within this; ms. */
const heardWithinMs = 500;

/** The longest it is waited for when everything ends. */
const quitsWithinMs = 1_000;

/** The longest a balancer takes to come up on a loaded machine. */
const comesUpWithinMs = 20_000;

interface Balancer {
  readonly app: string;
  readonly path: string;
  /** Interpreter and scheduling: a declaration that changes them needs another balancer. */
  readonly madeOf: string;
  pid: number;
  connection: Promise<Connection | undefined>;
  isLost: boolean;
  readonly workers: Map<string, WorkerEvents>;
  linger: NodeJS.Timeout | undefined;
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

  const hear = (balancer: Balancer, news: News): void => {
    if (news.news === "hello") return;
    const events = balancer.workers.get(news.life);
    if (news.news === "forked") events?.forked(news.pid);
    if (news.news === "failed") {
      balancer.workers.delete(news.life);
      events?.failed(news.code, news.message);
    }
    if (news.news === "told") events?.told(news.message);
    if (news.news === "ended") {
      balancer.workers.delete(news.life);
      events?.ended(news);
      void balancer.connection.then((line) => line?.send({ order: "forget", life: news.life }));
    }
    if (balancer.workers.size === 0) linger(balancer);
  };
  const linger = (balancer: Balancer): void => {
    clearTimeout(balancer.linger);
    balancer.linger = setTimeout(() => {
      if (balancer.workers.size > 0) return;
      forget(balancer);
      void balancer.connection.then((line) => line?.send({ order: "quit" }));
    }, lingerMs).unref();
  };
  const forget = (balancer: Balancer): void => {
    balancer.isLost = true;
    clearTimeout(balancer.linger);
    older.delete(balancer);
    if (balancers.get(balancer.app) === balancer) balancers.delete(balancer.app);
  };
  const lose = (balancer: Balancer): void => {
    if (balancer.isLost) return;
    forget(balancer);
    log(`the balancer of ${balancer.app} (pid ${balancer.pid}) has died`);
    removeFiles(balancer.path);
    for (const events of balancer.workers.values()) events.lost();
    balancer.workers.clear();
  };
  const reach = (balancer: Balancer): Promise<Connection | undefined> =>
    connectBalancer(balancer.path, {
      onNews: (news) => hear(balancer, news),
      onLost: () => lose(balancer),
    });

  const taken = (): Set<string> =>
    new Set([...balancers.values(), ...older].map(({ path }) => path));
  const endOf = (balancer: Balancer, life: string): Promise<WorkerEnd | undefined> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), heardWithinMs);
      const done = (end?: WorkerEnd): void => {
        clearTimeout(timer);
        resolve(end);
      };
      balancer.workers.set(life, {
        forked: () => {},
        told: () => {},
        failed: () => done(),
        lost: () => done(),
        ended: (end) => done({ life, ...end }),
      });
    });
  const begin = (app: string, spec: AppSpec): Balancer => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = freePath(folder, taken());
    const madeOf = madeOfSpec(spec);
    const balancer: Balancer = {
      app,
      path,
      madeOf,
      pid: 0,
      connection: Promise.resolve(undefined),
      isLost: false,
      workers: new Map(),
      linger: undefined,
    };
    balancers.set(app, balancer);
    const child = spawn(
      spec.interpreter ?? process.execPath,
      [program, path, app, spec.scheduling, madeOf],
      {
        detached: true,
        cwd: "/",
        stdio: ["ignore", "inherit", "inherit"],
        env: { PATH: spec.env["PATH"] ?? process.env["PATH"], XM_HOME: home, XM_BALANCER: app },
      },
    );
    balancer.pid = child.pid ?? 0;
    let failure: string | undefined;
    child.on("error", (error) => {
      failure = error.message;
    });
    child.on("exit", (code, signal) => {
      failure = `it ended with ${signal ?? code}`;
      if (balancer.pid > 0) lose(balancer);
    });
    child.unref();
    balancer.connection = comeUp(balancer, () => failure).catch((error: unknown) => {
      const message = `the balancer of ${app} did not come up: ${messageOf(error)}`;
      forget(balancer);
      for (const events of balancer.workers.values()) events.failed("ERR_CANNOT_SPAWN", message);
      balancer.workers.clear();
      return undefined;
    });
    return balancer;
  };
  const comeUp = async (
    balancer: Balancer,
    failure: () => string | undefined,
  ): Promise<Connection> => {
    const deadline = Date.now() + comesUpWithinMs;
    while (Date.now() < deadline) {
      const why = failure();
      if (why !== undefined) throw new Error(why);
      const line = existsSync(balancer.path) ? await reach(balancer) : undefined;
      if (line !== undefined) return line;
      await new Promise((resolve) => {
        setTimeout(resolve, 4);
      });
    }
    throw new Error(`nobody answers at ${balancer.path}`);
  };
  const lineTo = (balancer: Balancer, life: string): WorkerLine => ({
    tell: (message) => {
      if (!balancer.workers.has(life)) return false;
      void balancer.connection.then((line) => line?.send({ order: "tell", life, message }));
      return true;
    },
    release: () => void balancer.workers.delete(life),
  });

  return {
    fork: ({ app, spec, life, command, events }) => {
      const known = balancers.get(app);
      const fits = known !== undefined && known.madeOf === madeOfSpec(spec);
      if (known !== undefined && !fits) older.add(known);
      const balancer = fits ? known : begin(app, spec);
      clearTimeout(balancer.linger);
      balancer.workers.set(life, events);
      void balancer.connection.then((line) => line?.send({ order: "fork", life, command }));
      return lineTo(balancer, life);
    },
    adopt: (life, events) => {
      const found = states.get(life);
      if (found === undefined || found.balancer.isLost) return undefined;
      const { balancer, state } = found;
      states.delete(life);
      clearTimeout(balancer.linger);
      balancer.workers.set(life, events);
      const { pid, isReady, isListening, said } = state;
      const hello: Up = { type: "hello", v: 1, life, pid, isReady, isListening, said };
      setImmediate(() => events.told(hello));
      return lineTo(balancer, life);
    },
    find: async () => {
      const ends = new Map<string, WorkerEnd>();
      const names = existsSync(folder) ? readdirSync(folder).filter(isSocket) : [];
      await Promise.all(
        names.map(async (name) => {
          const balancer: Balancer = {
            app: "",
            path: join(folder, name),
            madeOf: "",
            pid: 0,
            connection: Promise.resolve(undefined),
            isLost: false,
            workers: new Map(),
            linger: undefined,
          };
          const line = await reach(balancer).catch((error: unknown) => {
            log(messageOf(error));
            return undefined;
          });
          if (line === undefined) return removeFiles(balancer.path);
          const { app, madeOf, pid, workers, ended } = line.hello;
          Object.assign(balancer, { app, madeOf, pid, connection: Promise.resolve(line) });
          if (balancer.isLost) return;
          if (balancers.has(app)) older.add(balancer);
          else balancers.set(app, balancer);
          const late: Promise<WorkerEnd | undefined>[] = [];
          for (const state of workers) {
            const stat = readProcess(state.pid);
            if (stat === undefined || !isLiving(stat)) late.push(endOf(balancer, state.life));
            else states.set(state.life, { balancer, state });
          }
          // A worker may have ended an instant before its balancer has heard of it.
          for (const end of [...ended, ...(await Promise.all(late))]) {
            if (end === undefined) continue;
            ends.set(end.life, end);
            unconfirmed.push(() => line.send({ order: "forget", life: end.life }));
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
      forget(balancer);
      void balancer.connection.then((line) => line?.send({ order: "quit" }));
    },
    quit: async () => {
      await Promise.all(
        [...balancers.values(), ...older].map(async (balancer) => {
          forget(balancer);
          const line = await balancer.connection;
          line?.send({ order: "quit" });
          await goneBy(balancer.pid, Date.now() + quitsWithinMs);
        }),
      );
    },
  };
}

/** A process nobody waits for may be a zombie for a while: it is gone all the same. */
async function goneBy(pid: number, deadline: number): Promise<void> {
  for (;;) {
    const stat = readProcess(pid);
    if (stat === undefined || !isLiving(stat) || Date.now() > deadline) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

function madeOfSpec({ interpreter, scheduling }: AppSpec): string {
  return `${interpreter} ${scheduling}`;
}
