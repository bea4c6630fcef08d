import { openSync } from "node:fs";
import type { Server, Socket } from "node:net";
import { absent, sharesIn, slotOf } from "../../host/shares.ts";
import { keepAddress } from "./address.ts";
import type { Link } from "./link.ts";

/** Fewer short-lived connections than this do not matter; each long-lived one does. */
const fewest = 8;

/**
 * A worker may have so much more than the average before it gives a new connection away: next to nothing while
 * connections stay, for they are requests for a long time; more while they come and go, for to give one away costs more
 * than to answer it.
 */
const toleranceOfStaying = 1.02;
const toleranceOfPassing = 1.2;

/** A connection as libuv has accepted it. */
interface Handle {
  close(): void;
  getpeername?(out: { address?: string }): number;
}

/** What `net.Server` listens with. */
interface ListenHandle {
  close(): void;
  onconnection?: (this: ListenHandle, error: number, client: Handle) => void;
}

export interface Sharing {
  /** Called again for a server that has come back to its connections. */
  share(server: Server): void;
  /** Is given no connections for now, or may be given some again. */
  rest(isResting: boolean): void;
  /** Takes no more, and soon gives no more; calls back when nothing is on its way to it or from it. */
  leave(parted: () => void): void;
}

/**
 * Keeps the workers that accept from one socket even. Which of them gets a connection is the kernel's choice, and of
 * many that come at once one worker may take most. A worker that has more than its share gives a new one to the
 * balancer, which hands it to the worker that has least. While the shares are even this costs two small reads and writes
 * of a file in memory per connection, and nothing while fewer than eight connections come and go.
 */
export function createSharing(path: string, link: Link, isSticky: boolean): Sharing | undefined {
  const { worker } = require("node:cluster") as typeof import("node:cluster").default;
  const descriptor = openIfAllowed(path);
  if (descriptor === undefined) return undefined;
  const shares = sharesIn(descriptor);
  const slot = slotOf(worker?.id ?? 0);
  const takers = new Map<string, (client: Handle) => void>();
  const listeners = new Map<Server, ListenHandle>();
  let count = 0;
  /** Given away, and not yet among the counts of the others. */
  let underWay = 0;
  /** What the others have: when last read, and when the first that is not acknowledged yet was given away. */
  let others = 0;
  let othersThen = 0;
  let written = absent;
  let hasLeft = false;
  let isResting = false;
  const known = new WeakSet<Server>();
  /** Connections that are being sent. */
  let sending = 0;
  let isParted = false;
  let whenParted: (() => void) | undefined;

  /** Of late: halved as they grow, so that the past fades. */
  let opened = 0;
  let closed = 0;
  const note = (change: number): void => {
    count += change;
    if (change > 0) opened += 1;
    if (change < 0) closed += 1;
    if (opened > 256) {
      opened /= 2;
      closed /= 2;
    }
    const told = hasLeft || isResting ? absent : count < fewest && !areStaying() ? 0 : count;
    if (told === written) return;
    written = told;
    shares.write(slot, told);
  };
  /** WebSockets, or kept-alive connections of a proxy. */
  const areStaying = (): boolean => closed * 4 <= opened;
  const hasTooMany = (): boolean => {
    if (count === 0 || hasLeft || (count < fewest && !areStaying())) return false;
    let workers = 0;
    let sum = 0;
    for (const each of shares.read()) {
      if (each === absent) continue;
      workers += 1;
      sum += each;
    }
    if (workers < 2) return false;
    others = sum - count;
    // Of few that stay each goes where there are least. The word that one was taken comes after it is among the counts.
    const uncounted = Math.max(0, underWay - Math.max(0, others - othersThen));
    if (count < fewest) return count > (others + uncounted) / (workers - 1);
    const tolerance = areStaying() ? toleranceOfStaying : toleranceOfPassing;
    return count > ((sum + underWay) / workers) * tolerance + 1;
  };
  /** All that reaches a worker of a sticky cluster is handed on to its client's, to the last one: then it accepts no more. */
  const part = (): void => {
    if (!isSticky) {
      isParted = true;
      return check();
    }
    // After the poll phase: what the kernel has accepted is taken from it.
    setImmediate(() => {
      for (const [server, listening] of listeners) {
        keepAddress(server);
        listening.close();
      }
      isParted = true;
      check();
    });
  };
  const check = (): void => {
    if (!isParted || sending > 0) return;
    const parted = whenParted;
    whenParted = undefined;
    parted?.();
  };
  const give = (server: string, client: Handle, isHomeless = false): boolean => {
    sending += 1;
    const address = isSticky ? addressOf(client) : undefined;
    const message = { type: "give", server, isHomeless, client: address } as const;
    const isSent = link.send(message, client, () => {
      sending -= 1;
      check();
    });
    if (isSent && underWay === 0) othersThen = others;
    if (isSent) underWay += 1;
    else sending -= 1;
    return isSent;
  };
  note(0);
  link.onDown((message, handle) => {
    if (message.type === "taken") underWay -= 1;
    if (message.type === "parted") part();
    if (message.type !== "take" || handle === undefined) return;
    const take = takers.get(message.server);
    // Its server has closed meanwhile: another worker's has not.
    if (take === undefined) give(message.server, handle as Handle, true);
    else take(handle as Handle);
    link.send({ type: "took", ticket: message.ticket });
  });

  // The balancer has died: nothing is on its way any more.
  link.onEnd(() => {
    isParted = true;
    sending = 0;
    check();
  });

  return {
    share: (server) => {
      const { _handle: listening } = server as Server & { _handle?: ListenHandle | null };
      const accept = listening?.onconnection;
      if (listening == null || accept === undefined) return;
      const name = JSON.stringify(server.address());
      if (!known.has(server)) {
        known.add(server);
        server.on("connection", (socket: Socket) => {
          note(1);
          socket.once("close", () => note(-1));
        });
        server.once("close", () => {
          takers.delete(name);
          listeners.delete(server);
        });
      }
      listeners.set(server, listening);
      takers.set(name, (client) => accept.call(listening, 0, client));
      listening.onconnection = function share(error, client) {
        // The balancer knows whose client it is.
        const isElsewhere = isSticky ? addressOf(client) !== undefined : hasTooMany();
        const isGiven = error === 0 && isElsewhere && give(name, client);
        if (!isGiven) accept.call(this, error, client);
      };
    },
    rest: (resting) => {
      isResting = resting;
      note(0);
    },
    leave: (parted) => {
      hasLeft = true;
      whenParted = parted;
      note(0);
      if (link.send({ type: "parting" })) return;
      isParted = true;
      check();
    },
  };
}

/** Of the client; a unix socket has none. */
function addressOf(client: Handle): string | undefined {
  const peer: { address?: string } = {};
  client.getpeername?.(peer);
  return peer.address;
}

/** The balancer may have gone, and its file with it: then the kernel's choice stands. */
function openIfAllowed(path: string): number | undefined {
  try {
    return openSync(path, "r+");
  } catch {
    return undefined;
  }
}
