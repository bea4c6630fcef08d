import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import type { AnyActorRef, AnyMachineSnapshot, InspectionEvent } from "xstate";
import { jsonWithoutEnvironment } from "../registry/redaction.ts";
import { messageOf } from "../../contract/errors.ts";
import { contextOf } from "../records/context.ts";
import type { MachineName } from "../../contract/inspector.ts";
import type { Daemon } from "../daemon.ts";

/*
 * The wire protocol of `@statelyai/inspect`, so that tools which speak it attach to a living God: text frames of JSON, one
 * `@xstate.actor` for each actor with its definition, then `@xstate.event` and `@xstate.snapshot` as they happen. Who
 * comes late is told of every actor first. That package's own server half is not used: it listens on all interfaces,
 * checks no origin and costs ten times a transition. What a client sends is not read.
 */

/** The version of the protocol: that of the package whose receiver the conformance test uses. */
const protocolVersion = "0.7.2";

/** A client that reads so much too little is cut off. */
const mostWaitingBytes = 4 * 1024 * 1024;

/** Actors are introduced at the speed of their reader: more waits for it; bytes. */
const introducedAtOnce = 512 * 1024;

const longestMessageBytes = 64 * 1024;

export interface Stately {
  serve(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

interface Client {
  readonly socket: WebSocket;
  /** Session ids of the actors it knows; of others it is told nothing. */
  readonly knows: Set<string>;
}

export function createStately({ god }: Pick<Daemon, "god">, log: (line: string) => void): Stately {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: longestMessageBytes,
  });
  const clients = new Set<Client>();
  let inspection: { unsubscribe(): void } | undefined;

  const send = ({ socket }: Client, text: string): void => {
    if (socket.bufferedAmount > mostWaitingBytes) socket.terminate();
    else socket.send(text);
  };
  const sendTo = (sessionId: string, text: () => string): void => {
    let made: string | undefined;
    for (const client of clients) {
      if (client.knows.has(sessionId)) send(client, (made ??= text()));
    }
  };
  const observe = (event: InspectionEvent): void => {
    const actor = event.actorRef as AnyActorRef;
    if (event.type === "@xstate.actor") {
      for (const { knows } of clients) knows.add(actor.sessionId);
      sendTo(actor.sessionId, () => jsonOf(actorEvent(actor, event.rootId)));
    } else if (event.type === "@xstate.event") {
      const { sourceRef, rootId } = event;
      const sourceId = sourceRef?.sessionId;
      sendTo(actor.sessionId, () =>
        jsonOf({ ...base(event.type, actor, rootId), event: event.event, sourceId }),
      );
    } else if (event.type === "@xstate.snapshot") {
      sendTo(actor.sessionId, () => {
        const snapshot = snapshotOf(actor);
        return jsonOf({ ...base(event.type, actor, event.rootId), event: event.event, snapshot });
      });
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
  const introduce = async (client: Client): Promise<void> => {
    const { socket, knows } = client;
    for (const actor of actorsUnder(god)) {
      if (knows.has(actor.sessionId)) continue;
      if (socket.readyState !== socket.OPEN) return;
      knows.add(actor.sessionId);
      const text = jsonOf(actorEvent(actor, god.sessionId));
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
        introduce(client).catch((error: unknown) => log(`the inspector: ${messageOf(error)}`));
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

function base(type: string, actor: AnyActorRef, rootId: string | undefined) {
  return {
    type,
    sessionId: actor.sessionId,
    rootId,
    id: null,
    createdAt: String(Date.now()),
    _version: protocolVersion,
  };
}

function actorEvent(actor: AnyActorRef, rootId: string | undefined): unknown {
  return {
    ...base("@xstate.actor", actor, rootId),
    name: actor.id === actor.sessionId ? (machineOf(actor) ?? actor.id) : actor.id,
    parentId: (actor as { _parent?: AnyActorRef })._parent?.sessionId,
    definition: definitionOf(actor),
    snapshot: snapshotOf(actor),
  };
}

interface Logic {
  readonly id?: unknown;
  readonly config?: unknown;
}

const logicOf = (actor: AnyActorRef): Logic => (actor as { logic?: Logic }).logic ?? {};

function machineOf(actor: AnyActorRef): MachineName | undefined {
  const { id, config } = logicOf(actor);
  return typeof config === "object" && typeof id === "string" ? (id as MachineName) : undefined;
}

const definitions = new Map<string, string>();

/** The chart of a machine, without its functions; of what is no machine its name. */
function definitionOf(actor: AnyActorRef): string {
  const machine = machineOf(actor);
  if (machine === undefined) return JSON.stringify({ id: actor.id });
  const known = definitions.get(machine);
  if (known !== undefined) return known;
  const text = JSON.stringify({ id: machine, ...(logicOf(actor).config as object) });
  definitions.set(machine, text);
  return text;
}

/** What an actor that is no machine was given (a whole specification) is not told. */
function snapshotOf(actor: AnyActorRef): unknown {
  const snapshot = actor.getSnapshot() as Partial<AnyMachineSnapshot> | undefined;
  if (snapshot === undefined) return { status: "active" };
  const { status, value, context, error } = snapshot;
  const machine = machineOf(actor);
  if (machine === undefined) return { status };
  const told = error === undefined ? {} : { error: messageOf(error) };
  return { status, value, context: contextOf(machine, context), ...told };
}

function jsonOf(value: unknown): string {
  return jsonWithoutEnvironment(value);
}
