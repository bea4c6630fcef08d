import cluster, { type Worker } from "node:cluster";
import { closeSync, openSync, statSync, writeFileSync } from "node:fs";
import {
  channelCommand,
  sharesVariable,
  type Down,
  type Up,
} from "../../contract/app-link/protocol.ts";
import { nameOfSaid } from "../../contract/app-link/said.ts";
import { absent, emptyShares, sharesIn, slotOf, type Shares } from "../../host/shares.ts";
import type { News, WorkerCommand, WorkerEnd, WorkerState } from "../../contract/balancer.ts";

interface Held {
  readonly life: string;
  readonly worker: Worker;
  isListening: boolean;
  isReady: boolean;
  /** It takes no connections of others any more. */
  isParting: boolean;
  /** Connections given to it that are not among its count yet. */
  given: number;
  readonly said: Map<string, unknown>;
}

/** A connection on its way from one worker to another; it is held here until the other has it. */
interface Ticket {
  readonly from: Held;
  readonly to: Held;
  /** Address of the server it came to. */
  readonly server: string;
  readonly handle: { close(): void };
}

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
  sharesFile,
  tell,
}: {
  scheduling: string;
  /** Where the workers tell how many connections each has. */
  sharesFile: string;
  tell: (news: News) => void;
}): Workers {
  const held = new Map<string, Held>();
  const ended = new Map<string, WorkerEnd>();
  const tickets = new Map<number, Ticket>();
  let ticket = 0;
  cluster.schedulingPolicy = scheduling === "round-robin" ? cluster.SCHED_RR : cluster.SCHED_NONE;
  const shares = scheduling === "shared" ? makeShares(sharesFile) : undefined;
  // `cluster.fork` merges this process's variables under those of the worker.
  process.env = {};

  const settle = (number: number): Ticket | undefined => {
    const given = tickets.get(number);
    if (given === undefined) return undefined;
    tickets.delete(number);
    given.to.given -= 1;
    return given;
  };
  const took = (number: number): void => {
    const given = settle(number);
    if (given === undefined) return;
    given.handle.close();
    send(given.from.worker, { type: "taken" });
  };
  /**
   * A connection that a worker has too many of: to the one that has least, or back when there is no other.
   * @param isHomeless the worker has no such server any more: it is not given back.
   */
  const giveOn = (give: Pick<Ticket, "from" | "server" | "handle">, isHomeless: boolean): void => {
    const { from, server, handle } = give;
    const counts = shares?.read();
    const living = [...held.values()].filter((each) => {
      const { isListening, isParting, worker } = each;
      if (each === from) return false;
      return isListening && !isParting && worker.isConnected();
    });
    const count = ({ worker, given }: Held): number => (counts?.[slotOf(worker.id)] ?? 0) + given;
    const mayGoBack = !isHomeless && from.worker.isConnected();
    const [least = mayGoBack ? from : undefined] = living.sort((a, b) => count(a) - count(b));
    if (least === undefined) {
      handle.close();
      send(from.worker, { type: "taken" });
      return;
    }
    least.given += 1;
    ticket += 1;
    tickets.set(ticket, { from, to: least, server, handle });
    const packet = { cmd: channelCommand, message: { type: "take", server, ticket } };
    // A write that fails is the end of the worker, after which the connection is given on.
    least.worker.process.send(packet, handle as never, {}, () => {});
  };
  /** What a worker was given and has not taken when it ends is another's: nobody has read of it. */
  const giveLeftovers = (gone: Held): void => {
    for (const [number, given] of tickets) {
      if (given.to !== gone) continue;
      settle(number);
      giveOn(given, given.from === gone);
    }
  };
  const hear = (each: Held, message: Up): void => {
    const { life, worker } = each;
    // Its channel keeps the order: every connection that was handed to it has been answered by now.
    if (message.type === "drained") {
      send(worker, { type: "leave" });
      return;
    }
    if (message.type === "listening") {
      if (each.isListening) return;
      each.isListening = true;
    }
    if (message.type === "took") return took(message.ticket);
    if (message.type === "parting") {
      each.isParting = true;
      send(worker, { type: "parted" });
      return;
    }
    if (message.type === "message") remember(each, message.data);
    tell({ news: "told", life, message });
  };

  return {
    fork: (life, command) => {
      const env = { ...command.env, ...(shares && { [sharesVariable]: sharesFile }) };
      const worker = start({ ...command, env }, (code, message) =>
        tell({ news: "failed", life, code, message }),
      );
      const pid = worker?.process.pid;
      if (worker === undefined) return;
      const each: Held = {
        life,
        worker,
        isListening: false,
        isReady: false,
        isParting: false,
        given: 0,
        said: new Map(),
      };
      held.set(life, each);
      const seen = (packet: { cmd?: string; message?: Up }, handle?: { close(): void }): void => {
        const { cmd, message } = packet;
        if (cmd !== channelCommand || message === undefined) return;
        if (message.type !== "give") hear(each, message);
        else if (handle !== undefined) {
          const { server, isHomeless = false } = message;
          giveOn({ from: each, server, handle }, isHomeless);
        }
      };
      worker.process.on("internalMessage" as never, seen as never);
      worker.on("message", (data) => hear(each, { type: "message", data }));
      worker.on("listening", () => hear(each, { type: "listening" }));
      worker.on("error", (error) => {
        // Only a spawn that failed leaves no pid; a failed write to a channel ends with the worker.
        if (pid !== undefined) return;
        held.delete(life);
        const { code = "ERR_CANNOT_SPAWN" } = error as NodeJS.ErrnoException;
        tell({ news: "failed", life, code, message: error.message });
      });
      worker.process.on("exit", (code, signal) => {
        shares?.write(slotOf(worker.id), absent);
        // What it has said before its end may still be in the channel: that it took a connection, for example.
        if (worker.process.connected) worker.process.once("disconnect", () => giveLeftovers(each));
        else giveLeftovers(each);
        if (!held.delete(life) || pid === undefined) return;
        const end: WorkerEnd = { life, at: Date.now(), code, signal };
        ended.set(life, end);
        tell({ news: "ended", ...end });
      });
      if (pid !== undefined) tell({ news: "forked", life, pid });
    },
    tell: (life, message) => {
      const each = held.get(life);
      if (each === undefined || !each.worker.isConnected()) return;
      const { worker } = each;
      // From here on nothing is given to it: what it was given before comes to it before this does.
      if (message.type === "stop") each.isParting = true;
      if (message.type === "message") worker.send(message.data as never);
      else send(worker, message);
    },
    forget: (life) => void ended.delete(life),
    areThere: () => held.size > 0,
    state: () => ({
      workers: [...held.values()].map(({ life, worker, isListening, isReady, said }) => ({
        life,
        pid: worker.process.pid ?? 0,
        isListening,
        isReady,
        said: [...said.values()],
      })),
      ended: [...ended.values()],
    }),
  };
}

/** Without the file the kernel's choice stands. */
function makeShares(file: string): Shares | undefined {
  try {
    writeFileSync(file, emptyShares(), { mode: 0o600 });
    return sharesIn(openSync(file, "r+"));
  } catch {
    return undefined;
  }
}

function send(worker: Worker, message: Down): void {
  if (worker.isConnected()) worker.send({ cmd: channelCommand, message });
}

/** What a God that comes later has to know of what was said. */
function remember(each: Held, data: unknown): void {
  if (data === "ready") each.isReady = true;
  const name = nameOfSaid(data);
  if (name !== undefined) each.said.set(name, data);
}

function start(
  command: WorkerCommand,
  fail: (code: string, message: string) => void,
): Worker | undefined {
  const descriptors: number[] = [];
  const open = (path: string | null): number | "ignore" => {
    if (path === null) return "ignore";
    // A pipe of the log lane is held open for reading too: a worker never writes to one that nobody can read.
    const isPipe = statSync(path, { throwIfNoEntry: false })?.isFIFO() ?? false;
    const descriptor = openSync(path, isPipe ? "r+" : "a", 0o600);
    descriptors.push(descriptor);
    return descriptor;
  };
  try {
    const { script, args, execArgv, cwd, env, uid, gid } = command;
    cluster.setupPrimary({
      exec: script,
      args: [...args],
      execArgv: [...execArgv],
      cwd,
      stdio: ["ignore", open(command.out), open(command.error), "ipc"],
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    // Settings of an earlier worker stay unless they are overwritten.
    if (uid === undefined) delete cluster.settings.uid;
    if (gid === undefined) delete cluster.settings.gid;
    return cluster.fork(env);
  } catch (error) {
    const { code = "ERR_CANNOT_SPAWN", message } = error as NodeJS.ErrnoException;
    fail(code, message);
    return undefined;
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}
