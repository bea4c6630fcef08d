import { channelCommand } from "../../contract/app-link/protocol.ts";
import { slotOf, type Shares } from "../../host/shares.ts";
import { send, type Held } from "./held.ts";

/** A connection as Node has it. */
export interface Handle {
  close(): void;
}

/** A connection that a worker does not keep. */
export interface Gift {
  readonly from: Held;
  /** Address of the server it came to. */
  readonly server: string;
  readonly handle: Handle;
  /** The worker has no such server any more: it is not given back. */
  readonly isHomeless: boolean;
  /** The address of its client, when all of one client's go to one worker. */
  readonly client?: string | undefined;
}

/** A connection on its way from one worker to another; it is held here until the other has it. */
interface Ticket extends Gift {
  readonly to: Held;
}

export interface HandingOn {
  /** To the worker that has least, or back when there is no other. */
  give(gift: Gift): void;
  took(ticket: number): void;
  /** Connections that a worker was given and has not taken when it ends go to another: none was read from. */
  giveLeftovers(gone: Held): void;
}

export function createHandingOn(
  held: ReadonlyMap<string, Held>,
  shares: Shares | undefined,
): HandingOn {
  const tickets = new Map<number, Ticket>();
  let lastTicket = 0;
  const settle = (number: number): Ticket | undefined => {
    const given = tickets.get(number);
    if (given === undefined) return undefined;
    tickets.delete(number);
    given.to.given -= 1;
    return given;
  };
  const give = (gift: Gift): void => {
    const { from, server, handle, isHomeless, client } = gift;
    const counts = shares?.read();
    const living = [...held.values()].filter((each) => {
      const { isListening, isParting, isOut, worker } = each;
      if (each === from) return false;
      return isListening && !isParting && !isOut && worker.isConnected();
    });
    const count = ({ worker, given }: Held): number => (counts?.[slotOf(worker.id)] ?? 0) + given;
    const mayGoBack = !isHomeless && from.worker.isConnected();
    if (client !== undefined && mayGoBack && !from.isParting && !from.isOut) living.push(from);
    const [next = mayGoBack ? from : undefined] =
      client === undefined
        ? living.sort((a, b) => count(a) - count(b))
        : living.sort((a, b) => weight(client, b) - weight(client, a) || a.worker.id - b.worker.id);
    if (next === undefined) {
      handle.close();
      send(from.worker, { type: "taken" });
      return;
    }
    next.given += 1;
    lastTicket += 1;
    tickets.set(lastTicket, { ...gift, to: next });
    const packet = { cmd: channelCommand, message: { type: "take", server, ticket: lastTicket } };
    // A write that fails is the end of the worker, after which the connection is given on.
    next.worker.process.send(packet, handle as never, {}, () => {});
  };
  return {
    give,
    took: (number) => {
      const given = settle(number);
      if (given === undefined) return;
      given.handle.close();
      send(given.from.worker, { type: "taken" });
    },
    giveLeftovers: (gone) => {
      for (const [number, given] of tickets) {
        if (given.to !== gone) continue;
        settle(number);
        give({ ...given, isHomeless: given.from === gone });
      }
    },
  };
}

/**
 * Rendezvous hashing: a client's worker is the one of the greatest weight, and changes only when that one goes. A
 * replacement has the number of what it replaces, and so its clients.
 */
function weight(client: string, { instance }: Held): number {
  let hash = 2_166_136_261;
  for (const character of `${client} ${instance}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
