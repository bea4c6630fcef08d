import { openSync } from "node:fs";
import type { Server, Socket } from "node:net";
import { absent, sharesIn, slotOf } from "../../host/shares.ts";
import type { Link } from "./link.ts";

/** Fewer connections than this are not worth a thought. */
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
}

/** What `net.Server` listens with. */
interface ListenHandle {
  onconnection?: (this: ListenHandle, error: number, client: Handle) => void;
}

export interface Sharing {
  share(server: Server): void;
  /** Gives and takes no more; calls back when nothing is on its way to it or from it. */
  leave(parted: () => void): void;
}

/**
 * Keeps the workers that accept from one socket even. Which of them gets a connection is the kernel's choice, and of
 * many that come at once one worker may take most. A worker that has more than its share gives a new one to the
 * balancer, which hands it to the worker that has least. While the shares are even this costs two small reads and writes
 * of a file in memory per connection, and below eight connections nothing.
 */
export function createSharing(path: string, link: Link): Sharing | undefined {
  const { worker } = require("node:cluster") as typeof import("node:cluster").default;
  const descriptor = openIfAllowed(path);
  if (descriptor === undefined) return undefined;
  const shares = sharesIn(descriptor);
  const slot = slotOf(worker?.id ?? 0);
  const takers = new Map<string, (client: Handle) => void>();
  let count = 0;
  /** Given away, and not yet among the counts of the others. */
  let underWay = 0;
  let written = absent;
  let hasLeft = false;
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
    const told = hasLeft ? absent : count < fewest ? 0 : count;
    if (told === written) return;
    written = told;
    shares.write(slot, told);
  };
  const hasTooMany = (): boolean => {
    if (count < fewest || hasLeft) return false;
    let workers = 0;
    let sum = 0;
    for (const each of shares.read()) {
      if (each === absent) continue;
      workers += 1;
      sum += each;
    }
    const tolerance = closed * 4 > opened ? toleranceOfPassing : toleranceOfStaying;
    return workers > 1 && count > ((sum + underWay) / workers) * tolerance + 1;
  };
  const check = (): void => {
    if (!isParted || sending > 0) return;
    const parted = whenParted;
    whenParted = undefined;
    parted?.();
  };
  const give = (server: string, client: Handle, isHomeless = false): boolean => {
    sending += 1;
    const isSent = link.send({ type: "give", server, isHomeless }, client, () => {
      sending -= 1;
      check();
    });
    if (isSent) underWay += 1;
    else sending -= 1;
    return isSent;
  };
  note(0);
  link.onDown((message, handle) => {
    if (message.type === "taken") underWay -= 1;
    if (message.type === "parted") {
      isParted = true;
      check();
    }
    if (message.type !== "take" || handle === undefined) return;
    const take = takers.get(message.server);
    // Its server has closed meanwhile: another worker's has not.
    if (take === undefined) give(message.server, handle as Handle, true);
    else take(handle as Handle);
    link.send({ type: "took", ticket: message.ticket });
  });

  return {
    share: (server) => {
      const { _handle: listening } = server as Server & { _handle?: ListenHandle | null };
      const accept = listening?.onconnection;
      if (listening == null || accept === undefined) return;
      const name = JSON.stringify(server.address());
      server.on("connection", (socket: Socket) => {
        note(1);
        socket.once("close", () => note(-1));
      });
      takers.set(name, (client) => accept.call(listening, 0, client));
      server.once("close", () => takers.delete(name));
      listening.onconnection = function share(error, client) {
        const isGiven = error === 0 && hasTooMany() && give(name, client);
        if (!isGiven) accept.call(this, error, client);
      };
    },
    leave: (parted) => {
      hasLeft = true;
      whenParted = parted;
      note(0);
      if (!link.send({ type: "parting" })) parted();
    },
  };
}

/** Another user's app cannot open a file of this home: then the kernel's choice stands. */
function openIfAllowed(path: string): number | undefined {
  try {
    return openSync(path, "r+");
  } catch {
    return undefined;
  }
}
