import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { addRoute, createRouter, findRoute } from "rou3";
import { XmError, xmError } from "../../contract/errors.ts";
import { problemFrom, sendProblem } from "./problem.ts";
import { routes } from "./routes.ts";
import type { Daemon } from "../daemon.ts";
import type { Leave, Route } from "./exchange.ts";
import type { Inspector } from "./inspector-port.ts";
import { removeIfThere } from "../../host/files.ts";
import { withSocketPath } from "../../host/socket-path.ts";

/** The API's version is the first part of every path. */
export const apiPrefix = "/v1";

export interface ApiOptions {
  readonly daemon: Daemon;
  readonly inspector: Inspector;
  readonly leave: (how: Leave) => void;
  readonly log: (line: string) => void;
}

/** Answers a request to `/v1/…`. */
export type Answer = (
  exchange: { request: IncomingMessage; response: ServerResponse },
  options?: {
    isRemote: boolean;
    /** Throws when whoever asks may not have this route. */
    admit: (route: Route) => void;
  },
) => Promise<void>;

export function createApi({ daemon, inspector, leave, log }: ApiOptions): Answer {
  const router = createRouter<Route>();
  for (const route of routes) addRoute(router, route.method, apiPrefix + route.path, route);
  return async (exchange, { isRemote, admit } = { isRemote: false, admit: () => undefined }) => {
    const { request } = exchange;
    const url = new URL(request.url ?? "/", "http://xm");
    const method = request.method ?? "GET";
    const found = findRoute(router, method, url.pathname);
    if (found === undefined) throw xmError("ERR_ROUTE_NOT_FOUND", { method, path: url.pathname });
    admit(found.data);
    await daemon.isRestored;
    const params = Object.fromEntries(
      Object.entries(found.params ?? {}).map(([key, value]) => [key, decodeURIComponent(value)]),
    );
    const query = url.searchParams;
    const handle = (): Promise<void> | void =>
      found.data.handle({ ...exchange, daemon, inspector, isRemote, params, query, leave });
    if (!isCommand(found.data)) return handle();
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

/** Answers with the problem that an error is, or ends a stream that has begun with it. */
export function answerError(
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  error: unknown,
  log: (line: string) => void,
): void {
  if (response.writableEnded) return;
  if (!(error instanceof XmError) || error.class !== "denied") {
    log(`${request.method} ${pathOf(request)}: ${String(error)}`);
  }
  if (!response.headersSent) sendProblem(response, error);
  else response.end(`${JSON.stringify({ problem: problemFrom(error) })}\n`);
}

/** Without its query, which may hold a token. */
function pathOf({ url }: IncomingMessage): string {
  return (url ?? "/").split("?")[0] ?? "/";
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
    answer(exchange).catch((error: unknown) => answerError(exchange, error, log));
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
