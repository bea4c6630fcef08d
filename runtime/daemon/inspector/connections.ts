import type { Socket } from "node:net";

/*
 * Any program of the machine can connect to the inspector. Connections that have shown no token yet are therefore counted and
 * timed out apart from the others: however many there are, they take no place of a viewer.
 */

/** Connections that have shown no token: the next one replaces the oldest. */
const mostUnknown = 256;

/** A request must arrive, with its token, within this time; ms. */
const unknownForMs = 10_000;

/** Connections that have shown one: far more than the pages of a person have. */
const mostKnown = 400;

export interface Connections {
  take(socket: Socket): void;
  /** It has shown a token. @returns `false` when there are too many of those. */
  admit(socket: Socket): boolean;
}

export function createConnections(): Connections {
  const unknown = new Map<Socket, NodeJS.Timeout>();
  const known = new Set<Socket>();
  const forget = (socket: Socket): void => {
    clearTimeout(unknown.get(socket));
    unknown.delete(socket);
    known.delete(socket);
  };
  return {
    take: (socket) => {
      const [oldest] = unknown.keys();
      if (oldest !== undefined && unknown.size >= mostUnknown) {
        oldest.destroy();
        forget(oldest);
      }
      const late = setTimeout(() => socket.destroy(), unknownForMs);
      unknown.set(socket, late.unref());
      socket.once("close", () => forget(socket));
    },
    admit: (socket) => {
      if (known.has(socket)) return true;
      if (known.size >= mostKnown) return false;
      if (!socket.destroyed) {
        forget(socket);
        known.add(socket);
      }
      return true;
    },
  };
}
