import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { addRoute, createRouter, findRoute } from "rou3";
import { controlSchemas } from "../../contract/api/control-schemas.ts";
import { XmError, xmError } from "../../contract/errors.ts";
import { problemFrom } from "../../contract/api/problem.ts";
import { rightsHeader } from "../../contract/api/rights.ts";
import { hideEnvironment } from "../registry/redaction.ts";
import { sendProblem } from "./problem.ts";
import { routes } from "./routes.ts";
import type { Daemon } from "../daemon.ts";
import { narrowBody, readBody, sendJson, startStream, type Leave, type Route } from "./exchange.ts";
import type { GenericSchema } from "valibot";
import type { SchemaName } from "../../contract/api/calls.ts";
import * as schemas from "../../contract/api/schemas.ts";
import type { Inspector } from "./inspector-port.ts";
import { removeIfThere } from "../../host/files.ts";
import { withSocketPath } from "../../host/socket-path.ts";

/** What bodies must meet, by name. */
const validators: Readonly<Record<SchemaName, GenericSchema>> = { ...schemas };

/** The API's version is the first part of every path. */
export const apiPrefix = "/v1";

export interface ApiOptions {
  readonly daemon: Daemon;
  readonly inspector: Inspector;
  readonly leave: (how: Leave) => void;
  readonly log: (line: string) => void;
}

/**
 * Who asks: a program on the unix socket may ask for everything; over TCP it depends on the session, and `xm api` says what
 * its caller's token allows.
 */
export type Caller =
  | { readonly over: "socket" }
  | { readonly over: "tcp"; readonly control: boolean };

/** Answers a request to `/v1/…`. */
export type Answer = (
  exchange: { request: IncomingMessage; response: ServerResponse },
  caller?: Caller,
) => Promise<void>;

export function createApi({ daemon, inspector, leave, log }: ApiOptions): Answer {
  const router = createRouter<Route>();
  for (const route of routes) addRoute(router, route.method, apiPrefix + route.path, route);
  return async (exchange, caller = { over: "socket" }) => {
    const { request } = exchange;
    const url = addressOf(request);
    const method = request.method ?? "GET";
    const found = findRoute(router, method, url.pathname);
    if (found === undefined) throw xmError("ERR_ROUTE_NOT_FOUND", { method, path: url.pathname });
    const route = found.data;
    if (caller.over === "tcp") admitOverTcp(route, request, caller);
    const params = Object.fromEntries(
      Object.entries(found.params ?? {}).map(([key, value]) => [key, decoded(value)]),
    );
    await daemon.isRestored;
    const query = url.searchParams;
    const handle = async (): Promise<void> => {
      const body =
        route.body === undefined ? undefined : await readBody(request, validators[route.body]);
      const { response } = exchange;
      await route.handle({
        ...exchange,
        daemon,
        inspector,
        params,
        query,
        body: body as never,
        send: (value) => sendJson(response, value),
        openStream: () => startStream(request, response),
        leave,
      });
    };
    if (!isCommand(route)) return handle();
    const end = daemon.calls.begin((error) => answerError(exchange, error, log));
    try {
      await handle();
    } finally {
      end();
    }
  };
}

/** What changes something and is waited for; what ends the daemon itself, and logs that are followed, are not. */
function isCommand({ method, path }: Route): boolean {
  return method === "POST" && path !== "/logs" && !path.startsWith("/daemon/");
}

/**
 * Over TCP a route is refused unless it is listed as readable or controllable, and a body must meet the route's schema
 * for TCP before its own.
 * @throws `ERR_INSPECTOR_READ_ONLY`
 */
function admitOverTcp(
  { method, path, overTcp, bodyOverTcp }: Route,
  request: IncomingMessage,
  { control }: { readonly control: boolean },
): void {
  if (overTcp === "read" && method === "GET") return;
  if (overTcp !== "control" || bodyOverTcp === undefined) {
    const what = `${method} /v1${path} is available on the daemon's unix socket only`;
    throw xmError("ERR_INSPECTOR_READ_ONLY", { what });
  }
  if (!control) throw xmError("ERR_INSPECTOR_READ_ONLY", { what: "this session is read-only" });
  narrowBody(request, controlSchemas[bodyOverTcp]);
}

/**
 * The address of a request.
 * @throws `ERR_INPUT_INVALID` for one that cannot be parsed.
 */
export function addressOf({ url = "/" }: IncomingMessage): URL {
  const base = "http://xm";
  // A target that begins with two slashes names another host to `URL`.
  if (!url.startsWith("//") && URL.canParse(url, base)) return new URL(url, base);
  throw xmError("ERR_INPUT_INVALID", { faults: ["the address of the request cannot be parsed"] });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    const faults = ["the address of the request contains an invalid % escape"];
    throw xmError("ERR_INPUT_INVALID", { faults }, { cause: error });
  }
}

/** Answers with the problem that an error is, or ends a stream that has begun with it. */
export function answerError(
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  error: unknown,
  log: (line: string) => void,
): void {
  if (response.writableEnded) return;
  // Invalid requests are answered and not logged: they are no fault of the daemon, and others can send any number.
  if (!(error instanceof XmError) || error.class === "failed") {
    log(`${request.method} ${pathOf(request)}: ${String(error)}`);
  }
  if (!response.headersSent) sendProblem(response, error);
  else response.end(`${JSON.stringify({ problem: problemFrom(error) })}\n`);
}

/** Characters of an address that are logged. */
const loggedCharacters = 100;

/** Without its query, which may hold a token. */
function pathOf({ url }: IncomingMessage): string {
  return ((url ?? "/").split("?")[0] ?? "/").slice(0, loggedCharacters);
}

/**
 * Serves the API on the home's unix socket. A umask makes it 0600 from its first moment. The caller
 * holds the home's lock, so a socket file that is there was left behind by a dead daemon.
 */
export function serveApi(options: ApiOptions & { readonly socket: string }): Promise<Server> {
  const { socket, log } = options;
  const answer = createApi(options);
  const server = createServer((request, response) => {
    const exchange = { request, response };
    const rights = request.headers[rightsHeader];
    if (rights !== undefined) hideEnvironment(response);
    const caller: Caller =
      rights === undefined ? { over: "socket" } : { over: "tcp", control: rights === "control" };
    answer(exchange, caller).catch((error: unknown) => answerError(exchange, error, log));
  });
  // A stream lasts as long as its reader does, and a stop as long as its grace period.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 5_000;
  removeIfThere(socket);
  const umask = process.umask(0o177);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Bound within the call, so the narrow umask is not seen by anything else.
    withSocketPath(socket, (short) => server.listen(short, () => resolve(server)));
    process.umask(umask);
  });
}
