import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import type { AnyActorRef, InspectionEvent } from "xstate";
import { messageOf } from "../../contract/errors.ts";
import type { Daemon } from "../daemon.ts";
import type { Dialect } from "./dialect.ts";

/*
 * Tools that follow every machine over a WebSocket, each in a dialect: text frames that introduce an actor, then tell of its
 * events and states as they happen. A tool that attaches late first receives every actor. Input from tools is not read.
 */

/** A client that reads so much too little is cut off. */
const mostWaitingBytes = 4 * 1024 * 1024;

/** Actors are introduced at the speed of their reader: more waits for it; bytes. */
const introducedAtOnce = 512 * 1024;

const longestMessageBytes = 64 * 1024;

export interface Tools {
  serve(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

interface Client {
  readonly socket: WebSocket;
  /** Session ids of the actors it knows; of others it receives nothing. */
  readonly knows: Set<string>;
}

export function createTools(
  { god }: Pick<Daemon, "god">,
  dialect: Dialect,
  log: (line: string) => void,
): Tools {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: longestMessageBytes,
  });
  const clients = new Set<Client>();
  /** Created, but without a word yet that introduces them: their first event does. */
  const newborn = new WeakSet<AnyActorRef>();
  let inspection: { unsubscribe(): void } | undefined;

  const send = ({ socket }: Client, text: string): void => {
    if (socket.bufferedAmount > mostWaitingBytes) socket.terminate();
    else socket.send(text);
  };
  const sendTo = ({ sessionId }: AnyActorRef, texts: () => readonly string[]): void => {
    let made: readonly string[] | undefined;
    for (const client of clients) {
      if (!client.knows.has(sessionId)) continue;
      made ??= texts();
      for (const text of made) send(client, text);
    }
  };
  const introduce = (actor: AnyActorRef, rootId: string): boolean => {
    const text = dialect.introduction(actor, rootId);
    if (text === undefined) return false;
    for (const client of clients) {
      client.knows.add(actor.sessionId);
      send(client, text);
    }
    return true;
  };
  const observe = (event: InspectionEvent): void => {
    const actor = event.actorRef as AnyActorRef;
    if (event.type === "@xstate.actor") {
      if (!introduce(actor, event.rootId)) newborn.add(actor);
    } else if (event.type === "@xstate.event") {
      if (newborn.delete(actor)) introduce(actor, event.rootId);
      sendTo(actor, () => [dialect.event(event)]);
    } else if (event.type === "@xstate.snapshot") {
      sendTo(actor, () => dialect.snapshot(event));
      const { status } = event.snapshot as { status?: string };
      if (status !== "active") for (const { knows } of clients) knows.delete(actor.sessionId);
    }
  };
  /** XState asks in the middle of a transition: a fault here goes no further. */
  const guarded = (event: InspectionEvent): void => {
    try {
      observe(event);
    } catch (error) {
      log(`the inspector: ${messageOf(error)}`);
    }
  };
  const introduceAll = async ({ socket, knows }: Client): Promise<void> => {
    for (const actor of actorsUnder(god)) {
      if (knows.has(actor.sessionId)) continue;
      if (socket.readyState !== socket.OPEN) return;
      const text = dialect.introduction(actor, god.sessionId);
      if (text === undefined) continue;
      knows.add(actor.sessionId);
      if (socket.bufferedAmount < introducedAtOnce) socket.send(text);
      else await new Promise<void>((resolve) => socket.send(text, () => resolve()));
    }
  };

  return {
    serve: (request, socket, head) => {
      server.handleUpgrade(request, socket, head, (opened) => {
        const client: Client = { socket: opened, knows: new Set() };
        clients.add(client);
        inspection ??= god.system.inspect(guarded);
        opened.on("error", (error) => log(`the inspector: ${messageOf(error)}`));
        opened.on("close", () => {
          clients.delete(client);
          if (clients.size > 0) return;
          inspection?.unsubscribe();
          inspection = undefined;
        });
        introduceAll(client).catch((error: unknown) => log(`the inspector: ${messageOf(error)}`));
      });
    },
    close: () => {
      for (const { socket } of clients) socket.terminate();
    },
  };
}

/** Every actor, parents before their children. */
function* actorsUnder(actor: AnyActorRef): Generator<AnyActorRef> {
  yield actor;
  const { children } = (actor.getSnapshot() ?? {}) as { children?: Record<string, AnyActorRef> };
  for (const child of Object.values(children ?? {})) yield* actorsUnder(child);
}
