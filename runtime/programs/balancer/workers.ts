import cluster from "node:cluster";
import {
  channelCommand,
  sharesVariable,
  type Down,
  type Up,
} from "../../contract/app-link/protocol.ts";
import { nameOfSaid } from "../../contract/app-link/said.ts";
import { absent, slotOf } from "../../host/shares.ts";
import type { News, WorkerCommand, WorkerEnd, WorkerState } from "../../contract/balancer.ts";
import { guardChannel } from "./guard.ts";
import { createHandingOn, type Handle } from "./handing-on.ts";
import { send, type Held } from "./held.ts";
import { makeShares } from "./shares-file.ts";
import { startWorker } from "./start-worker.ts";

/** How long a worker whose channel is closed has to finish what is in flight; ms. */
const spoiltEndsWithinMs = 500;

/** What a later God receives of a worker's metrics and actions; characters of JSON. */
const mostSaidText = 256 * 1024;

export interface Workers {
  fork(life: string, command: WorkerCommand): void;
  tell(life: string, message: Down): void;
  forget(life: string): void;
  areThere(): boolean;
  state(): { workers: WorkerState[]; ended: WorkerEnd[] };
}

/** The workers of this primary, by the life God has given each. */
export function createWorkers({
  scheduling,
  tell,
  note,
}: {
  scheduling: string;
  tell: (news: News) => void;
  /** A line for God's log. */
  note: (line: string) => void;
}): Workers {
  const held = new Map<string, Held>();
  const ended = new Map<string, WorkerEnd>();
  cluster.schedulingPolicy = scheduling === "round-robin" ? cluster.SCHED_RR : cluster.SCHED_NONE;
  const shared = scheduling === "shared" || scheduling === "sticky" ? makeShares() : undefined;
  const shares = shared?.shares;
  const handingOn = createHandingOn(held, shares);
  // `cluster.fork` merges this process's variables under those of the worker.
  process.env = {};

  const hear = (each: Held, message: Up): void => {
    const { life, worker } = each;
    // Its channel keeps the order: every connection that was handed to it has been answered by now.
    if (message.type === "drained") {
      send(worker, { type: "leave" });
      return;
    }
    if (message.type === "listening") {
      const { server = "" } = message;
      if (each.isListening && each.listens.has(server)) return;
      each.isListening = true;
      if (each.listens.size < mostListens) each.listens.add(server);
    }
    if (message.type === "took") return handingOn.took(message.ticket);
    if (message.type === "parting") {
      each.isParting = true;
      send(worker, { type: "parted" });
      return;
    }
    if (message.type === "message") {
      remember(each, message.data);
      if (isForTheOthers(message.data)) relay(each, message.data);
    }
    tell({ news: "told", life, message });
  };
  const relay = (from: Held, data: unknown): void => {
    const others = [...held.values()].filter((each) => each !== from && each.worker.isConnected());
    for (const other of isForOneOfEach(data) ? oneOfEach(others) : others)
      other.worker.send(data as never);
  };
  const listen = (each: Held): void => {
    const { life, worker } = each;
    guardChannel(worker.process, (why) => {
      note(`pid ${worker.process.pid} sent an invalid message and is ended: ${why}`);
      if (worker.process.connected) worker.process.disconnect();
      setTimeout(() => {
        if (held.get(life) === each) worker.process.kill("SIGKILL");
      }, spoiltEndsWithinMs);
    });
    const seen = (packet: unknown, handle?: Handle): void => {
      const message = messageIn(packet);
      if (message === undefined) return;
      if (message.type !== "give") hear(each, message);
      else if (handle !== undefined) {
        const { server, isHomeless = false, client } = message;
        handingOn.give({ from: each, server, handle, isHomeless, client });
      }
    };
    worker.process.on("internalMessage" as never, seen as never);
    worker.on("message", (data) => hear(each, { type: "message", data }));
    worker.on("listening", ({ address, port }) => {
      // The path of a unix socket has no port.
      hear(each, { type: "listening", server: port > 0 ? String(port) : address });
    });
  };
  const fork = (life: string, command: WorkerCommand): void => {
    const env = { ...command.env, ...(shared && { [sharesVariable]: shared.path }) };
    const fail = (error: Error): void => {
      const { code = "ERR_CANNOT_SPAWN", message } = error as NodeJS.ErrnoException;
      tell({ news: "failed", life, code, message });
    };
    let worker: Held["worker"];
    try {
      worker = startWorker({ ...command, env }, (stream, why) =>
        tell({ news: "told", life, message: { type: "unwritable", stream, why } }),
      );
    } catch (error) {
      return fail(error as Error);
    }
    const { pid } = worker.process;
    const each: Held = {
      life,
      worker,
      instance: command.instance ?? 0,
      isListening: false,
      listens: new Set(),
      isReady: false,
      isParting: false,
      isOut: false,
      given: 0,
      said: new Map(),
    };
    held.set(life, each);
    listen(each);
    worker.on("error", (error) => {
      // Only a spawn that failed leaves no pid; a failed write to a channel ends with the worker.
      if (pid !== undefined) return;
      held.delete(life);
      fail(error);
    });
    worker.process.on("exit", (code, signal) => {
      shares?.write(slotOf(worker.id), absent);
      // Messages from before its end may still be in the channel: that it took a connection, for example.
      const { process: child } = worker;
      if (child.connected) child.once("disconnect", () => handingOn.giveLeftovers(each));
      else handingOn.giveLeftovers(each);
      if (!held.delete(life) || pid === undefined) return;
      const up = Number(process.hrtime.bigint()) / 1e6;
      const end: WorkerEnd = { life, at: Date.now(), up, code, signal };
      ended.set(life, end);
      tell({ news: "ended", ...end });
    });
    if (pid !== undefined) tell({ news: "forked", life, pid });
  };

  return {
    fork,
    tell: (life, message) => {
      const each = held.get(life);
      if (each === undefined || !each.worker.isConnected()) return;
      const { worker } = each;
      // From here on nothing is given to it: what it was given before comes to it before this does.
      if (message.type === "stop") each.isParting = true;
      if (message.type === "traffic") each.isOut = !message.isTaken;
      if (message.type === "message") worker.send(message.data as never);
      else send(worker, message);
    },
    forget: (life) => void ended.delete(life),
    areThere: () => held.size > 0,
    state: () => ({
      workers: [...held.values()].map(({ life, worker, isListening, listens, isReady, said }) => ({
        life,
        pid: worker.process.pid ?? 0,
        isListening,
        isReady,
        said: lastOf(said),
        listens: [...listens],
      })),
      ended: [...ended.values()],
    }),
  };
}

/** What of a message is ours; its fields are checked where they are used. */
function messageIn(packet: unknown): Up | undefined {
  const { cmd, message } = (packet ?? {}) as { cmd?: unknown; message?: unknown };
  if (cmd !== channelCommand) return undefined;
  if (typeof message !== "object" || message === null || !("type" in message)) {
    throw new Error("an invalid message of the preload");
  }
  return message as Up;
}

/**
 * What libraries say to the other workers through a primary of their own, which is ours here: @socket.io/cluster-adapter
 * (and @socket.io/pm2), and log4js with `pm2: true`, which PM2 relays with its module pm2-intercom.
 */
function isForTheOthers(data: unknown): boolean {
  const { source, topic } = (data ?? {}) as { source?: unknown; topic?: unknown };
  return source === "_sio_adapter" || topic === "log4js:message";
}

/** The process of instance 0 writes the lines of all: in a reload there are two, and each would write them. */
function isForOneOfEach(data: unknown): boolean {
  return (data as { topic?: unknown }).topic === "log4js:message";
}

/** Of each instance the one that serves, and the one that is being replaced rather than its replacement until it parts. */
function oneOfEach(all: readonly Held[]): Held[] {
  const rank = ({ isParting, isListening }: Held): number => (isParting ? 0 : isListening ? 2 : 1);
  const best = new Map<number, Held>();
  for (const each of all) {
    const known = best.get(each.instance);
    if (known === undefined || rank(each) > rank(known)) best.set(each.instance, each);
  }
  return [...best.values()];
}

/** What a later God has to know of the messages. */
function remember(each: Held, data: unknown): void {
  if (data === "ready") each.isReady = true;
  const name = nameOfSaid(data);
  if (name === undefined) return;
  // An app may offer actions without end: the oldest goes.
  each.said.delete(name);
  each.said.set(name, data);
  const [oldest] = each.said.keys();
  if (each.said.size > mostSaid && oldest !== undefined) each.said.delete(oldest);
}

/** Of one worker. */
const mostSaid = 200;
const mostListens = 100;

/** The newest of what was said that is not too much in all. */
function lastOf(said: ReadonlyMap<string, unknown>): unknown[] {
  let left = mostSaidText;
  return [...said.values()].reduceRight<unknown[]>((kept, data) => {
    left -= JSON.stringify(data)?.length ?? 0;
    return left > 0 ? [data, ...kept] : kept;
  }, []);
}
