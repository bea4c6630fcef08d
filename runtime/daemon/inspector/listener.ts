import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { InspectorOpened, InspectorView } from "../../contract/api/schemas.ts";
import { addressOf, createApi } from "../api/server.ts";
import { problemFrom } from "../../contract/api/problem.ts";
import { errnoOf, messageOf, xmError } from "../../contract/errors.ts";
import { createAnswer } from "./answer.ts";
import { createConnections } from "./connections.ts";
import { assertKnown, assertOurs, pageHost } from "./gate.ts";
import { createLive, mostViewers } from "./live.ts";
import { createSessions } from "./sessions.ts";
import { readState, writeState } from "./state-file.ts";
import type { Daemon } from "../daemon.ts";
import type { Dialect } from "./dialect.ts";
import type { Tools } from "./tools.ts";
import type { Inspector } from "../api/inspector-port.ts";
import type { InspectorOptions } from "./options.ts";
import { removeIfThere } from "../../host/files.ts";

/** The listener on 127.0.0.1. */
export interface Listener {
  open(options: { port?: number | undefined; control: boolean }): Promise<InspectorOpened>;
  view(): InspectorView;
  close(): Promise<void>;
  reopen(): Promise<void>;
}

/** Another program may have taken the port while no God ran; ms. */
const retryEveryMs = 200;
const retryForMs = 10_000;

/** A whole request must arrive within this time; its answer may take as long as it is read. ms. */
const requestWithinMs = 30_000;

/** What tools speak, loaded with the first of them. */
const dialects: ReadonlyMap<string, () => Promise<Dialect>> = new Map([
  ["/inspector/stately", async () => (await import("./dialect-stately.ts")).statelyDialect],
  ["/inspector/xstate", async () => (await import("./dialect-xstate4.ts")).xstate4Dialect],
]);

export function createListener(options: InspectorOptions & { inspector: Inspector }): Listener {
  const { daemon, folders, heldPort, log } = options;
  const { wall: now } = daemon;
  const file = daemon.paths.inspector;
  const before = readState(file, log);
  const sessions = createSessions(now);
  const connections = createConnections();
  const live = createLive(daemon, log);
  /** By the paths that a tool has asked for. */
  const toolsAt = new Map<string, Promise<Tools>>();
  let tools = 0;
  let current: { server: Server; port: number } | undefined;

  const save = (): void => {
    if (current === undefined) removeIfThere(file);
    else writeState(file, { port: current.port, grants: sessions.all() }, log);
  };
  const answer = createAnswer({
    daemon,
    sessions,
    connections,
    live,
    folders,
    save,
    log,
    answerApi: createApi(options),
  });

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer, port: number) => {
    assertOurs(request, port);
    const url = addressOf(request);
    assertKnown(request, { sessions, inAddress: url.searchParams.get("token") });
    const loadDialect = dialects.get(url.pathname);
    if (loadDialect === undefined) {
      throw xmError("ERR_ROUTE_NOT_FOUND", { method: "WebSocket", path: url.pathname });
    }
    if (tools >= mostViewers || !connections.admit(request.socket)) {
      throw xmError("ERR_INSPECTOR_FULL", { viewers: mostViewers });
    }
    const loading = toolsAt.get(url.pathname) ?? loadTools(loadDialect, daemon, log);
    toolsAt.set(url.pathname, loading);
    const serving = await loading;
    if (socket.destroyed) return;
    tools += 1;
    socket.once("close", () => (tools -= 1));
    serving.serve(request, socket, head);
  };

  const listen = async (on: { port: number; host: string } | { fd: number }): Promise<void> => {
    const server = createServer();
    server.requestTimeout = requestWithinMs;
    const portOf = (): number => (server.address() as { port: number }).port;
    server.on("connection", (socket: Socket) => connections.take(socket));
    server.on("request", (request, response) => void answer({ request, response }, portOf()));
    server.on("upgrade", (request: IncomingMessage, socket, head) => {
      socket.on("error", () => socket.destroy());
      upgrade(request, socket, head, portOf()).catch((error: unknown) => refuse(socket, error));
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(on, resolve);
    });
    server.on("error", (error) => log(`the inspector: ${messageOf(error)}`));
    current = { server, port: portOf() };
    heldPort.hold(descriptorOf(server));
    log(`the inspector listens on ${pageHost}:${current.port}`);
  };
  const shut = async (): Promise<void> => {
    const closing = current?.server;
    current = undefined;
    if (closing === undefined) return;
    live.close();
    for (const each of toolsAt.values()) (await each).close();
    closing.closeAllConnections();
    await new Promise((resolve) => {
      closing.close(resolve);
    });
  };
  const move = async (port: number): Promise<void> => {
    try {
      await listen({ port, host: pageHost });
    } catch (error) {
      const why = errnoOf(error) === "EADDRINUSE" ? "another program does" : messageOf(error);
      throw xmError("ERR_INSPECTOR_PORT", { port, why }, { cause: error });
    }
  };
  /** Listens on the socket that the watchdog has held since the God before died. */
  const inherit = async (): Promise<boolean> => {
    const fd = heldPort.take();
    if (fd === undefined) return false;
    try {
      await listen({ fd });
      return true;
    } catch (error) {
      log(`the inspector's port was not handed over: ${messageOf(error)}`);
      return false;
    }
  };

  return {
    open: async ({ port, control }) => {
      const isAsked = port !== undefined && port !== 0;
      if (current === undefined) await move(port ?? 0);
      else if (isAsked && port !== current.port) {
        const old = current;
        await move(port);
        const next = current;
        current = old;
        await shut();
        current = next;
        // Another program may listen on the old port now, and is sent what was for us.
        sessions.clear();
      }
      const listening = current;
      if (listening === undefined) throw xmError("ERR_DAEMON_LEAVING", undefined);
      const once = sessions.grant("once", control);
      const token = sessions.grant("bearer", control);
      save();
      const path = randomBytes(16).toString("base64url");
      const url = `http://${pageHost}:${listening.port}/at/${path}/#token=${once}`;
      return { port: listening.port, url, token };
    },
    view: () => ({
      port: current?.port ?? null,
      viewers: live.viewers + tools,
      sessions: sessions.all().length,
    }),
    close: async () => {
      sessions.clear();
      await shut();
      heldPort.hold(undefined);
      save();
    },
    reopen: async () => {
      if (before === undefined) return;
      const { port, grants } = before;
      const isHeld = await inherit();
      sessions.restore(grants, { hadGap: !isHeld });
      const end = now() + retryForMs;
      for (;;) {
        if (current !== undefined) return;
        try {
          await listen({ port, host: pageHost });
        } catch (error) {
          if (errnoOf(error) !== "EADDRINUSE" || now() > end) {
            log(`the inspector does not listen on ${pageHost}:${port}: ${messageOf(error)}`);
            return;
          }
        }
        await new Promise((resolve) => {
          setTimeout(resolve, retryEveryMs).unref();
        });
      }
    },
  };
}

async function loadTools(
  loadDialect: () => Promise<Dialect>,
  daemon: Daemon,
  log: (line: string) => void,
): Promise<Tools> {
  const { createTools } = await import("./tools.ts");
  return createTools(daemon, await loadDialect(), log);
}

/** Node says what a server listens on, but not by which descriptor. */
function descriptorOf(server: Server): number | undefined {
  const { fd } = (server as unknown as { _handle?: { fd?: number } })._handle ?? {};
  return fd !== undefined && fd >= 0 ? fd : undefined;
}

function refuse(socket: Duplex, error: unknown): void {
  const problem = problemFrom(error);
  const body = JSON.stringify(problem);
  const lines = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    "content-type: application/problem+json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
