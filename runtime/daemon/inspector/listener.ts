import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { hideEnvironment } from "../registry/redaction.ts";
import type { InspectorOpened, InspectorView } from "../../contract/api/schemas.ts";
import { answerError, createApi } from "../api/server.ts";
import { problemFrom } from "../api/problem.ts";
import { errnoOf, messageOf, xmError } from "../../contract/errors.ts";
import { sendFile } from "./files.ts";
import { assertKnown, assertOurs, setCookie, setSecurityHeaders } from "./gate.ts";
import { createLive, mostViewers } from "./live.ts";
import { createSessions, type Grant } from "./sessions.ts";
import { readState, writeState } from "./state-file.ts";
import type { Stately } from "./stately.ts";
import { sendTimeline } from "./timeline-route.ts";
import type { Route } from "../api/exchange.ts";
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

const host = "127.0.0.1";

/** The port may be held by the daemon before for a moment; ms. */
const retryEveryMs = 200;
const retryForMs = 10_000;

/** Somebody's connections may be many, a person's are few. */
const mostConnections = 500;

export function createListener(options: InspectorOptions & { inspector: Inspector }): Listener {
  const { daemon, folders, log } = options;
  const { wall: now } = daemon;
  const file = daemon.paths.inspector;
  const before = readState(file, log);
  const sessions = createSessions(before?.grants ?? [], now);
  const answerApi = createApi(options);
  const live = createLive(daemon, log);
  let stately: Promise<Stately> | undefined;
  let tools = 0;
  let current: { server: Server; port: number } | undefined;

  const save = (): void => {
    if (current === undefined) removeIfThere(file);
    else writeState(file, { port: current.port, grants: sessions.all() }, log);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse, port: number) => {
    setSecurityHeaders(response);
    hideEnvironment(response);
    assertOurs(request, port);
    const url = new URL(request.url ?? "/", `http://${host}:${port}`);
    const path = url.pathname;
    const once = url.searchParams.get("token");
    if (path === "/" && once !== null && request.method === "GET") {
      enter(response, port, once);
      return;
    }
    const grant = assertKnown(request, { sessions, port });
    if (path.startsWith("/v1/")) {
      const admit = (route: Route): void => assertAllowed(route, grant);
      await answerApi({ request, response }, { isRemote: true, admit });
      return;
    }
    const isSent =
      request.method === "GET" && (await read(path, url, { request, response, grant }));
    if (isSent) return;
    throw xmError("ERR_ROUTE_NOT_FOUND", { method: request.method ?? "GET", path });
  };
  const enter = (response: ServerResponse, port: number, once: string): void => {
    const grant = sessions.take(once);
    if (grant === undefined) {
      const why = "the address was used already, or is too old";
      throw xmError("ERR_INSPECTOR_DENIED", { why });
    }
    setCookie(response, port, sessions.grant("cookie", grant.control));
    save();
    response.writeHead(303, { location: "/" });
    response.end();
  };
  const read = async (
    path: string,
    url: URL,
    exchange: { request: IncomingMessage; response: ServerResponse; grant: Grant },
  ): Promise<boolean> => {
    const { response, grant } = exchange;
    if (path === "/inspector/live") {
      if (live.viewers >= mostViewers)
        throw xmError("ERR_INSPECTOR_FULL", { viewers: mostViewers });
      await daemon.isRestored;
      live.serve({
        ...exchange,
        process: idFrom(url.searchParams.get("process")),
        mayControl: grant.control,
      });
      return true;
    }
    if (path === "/inspector/timeline") {
      await daemon.isRestored;
      await sendTimeline(response, daemon, url.searchParams.get("since"));
      return true;
    }
    return sendFile(response, path, folders);
  };

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer, port: number) => {
    assertOurs(request, port);
    const url = new URL(request.url ?? "/", `http://${host}:${port}`);
    assertKnown(request, { sessions, port, inAddress: url.searchParams.get("token") });
    if (url.pathname !== "/inspector/stately") {
      throw xmError("ERR_ROUTE_NOT_FOUND", { method: "WebSocket", path: url.pathname });
    }
    if (tools >= mostViewers) throw xmError("ERR_INSPECTOR_FULL", { viewers: mostViewers });
    stately ??= import("./stately.ts").then(({ createStately }) => createStately(daemon, log));
    const serving = await stately;
    if (socket.destroyed) return;
    tools += 1;
    socket.once("close", () => (tools -= 1));
    serving.serve(request, socket, head);
  };

  const listen = async (wanted: number): Promise<void> => {
    const server = createServer();
    server.requestTimeout = 0;
    server.maxConnections = mostConnections;
    const portOf = (): number => (server.address() as { port: number }).port;
    server.on("request", (request, response) => {
      answer(request, response, portOf()).catch((error: unknown) =>
        answerError({ request, response }, error, log),
      );
    });
    server.on("upgrade", (request: IncomingMessage, socket, head) => {
      socket.on("error", () => socket.destroy());
      upgrade(request, socket, head, portOf()).catch((error: unknown) => refuse(socket, error));
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(wanted, host, resolve);
    });
    server.on("error", (error) => log(`the inspector: ${messageOf(error)}`));
    current = { server, port: portOf() };
    log(`the inspector listens on ${host}:${current.port}`);
  };
  const shut = async (): Promise<void> => {
    const closing = current?.server;
    current = undefined;
    if (closing === undefined) return;
    live.close();
    if (stately !== undefined) (await stately).close();
    closing.closeAllConnections();
    await new Promise((resolve) => {
      closing.close(resolve);
    });
  };
  const move = async (port: number): Promise<void> => {
    try {
      await listen(port);
    } catch (error) {
      const why = errnoOf(error) === "EADDRINUSE" ? "another program does" : messageOf(error);
      throw xmError("ERR_INSPECTOR_PORT", { port, why }, { cause: error });
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
      }
      const listening = current;
      if (listening === undefined) throw xmError("ERR_DAEMON_LEAVING", undefined);
      const once = sessions.grant("once", control);
      const token = sessions.grant("bearer", control);
      save();
      const url = `http://${host}:${listening.port}/?token=${once}`;
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
      save();
    },
    reopen: async () => {
      if (before === undefined) return;
      const end = now() + retryForMs;
      for (;;) {
        if (current !== undefined) return;
        try {
          await listen(before.port);
          return;
        } catch (error) {
          if (errnoOf(error) !== "EADDRINUSE" || now() > end) {
            log(`the inspector does not listen on ${host}:${before.port}: ${messageOf(error)}`);
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

/** @throws `ERR_INSPECTOR_READ_ONLY` for what is not for the inspector, or not for a session without `--control`. */
function assertAllowed({ method, path, overTcp }: Route, { control }: Grant): void {
  if (method === "GET") return;
  if (overTcp !== "control") {
    const what = `${method} /v1${path} is asked of the daemon's unix socket alone`;
    throw xmError("ERR_INSPECTOR_READ_ONLY", { what });
  }
  if (!control)
    throw xmError("ERR_INSPECTOR_READ_ONLY", { what: "this session may look and not act" });
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

function idFrom(text: string | null): number | null {
  if (text === null || text === "") return null;
  const id = Number(text);
  if (Number.isInteger(id) && id >= 0) return id;
  throw xmError("ERR_INPUT_INVALID", { faults: [`process: expected an id, got "${text}"`] });
}
