import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { addRoute, createRouter, findRoute } from "rou3";
import type { Daemon } from "../daemon/daemon.ts";
import { xmError } from "../errors.ts";
import { removeIfThere } from "../home/prepare.ts";
import { problemFrom, sendProblem } from "./problem.ts";
import { routes, type Leave, type Route } from "./routes.ts";

/** The API's version is the first part of every path. */
export const apiPrefix = "/v1";

/**
 * Serves the API on the home's unix socket. A umask makes it 0600 from its first moment. The caller
 * holds the home's lock, so a socket file that is there was left behind by a dead daemon.
 */
export function serveApi(options: {
  readonly daemon: Daemon;
  readonly socket: string;
  readonly leave: (how: Leave) => void;
  readonly log: (line: string) => void;
}): Promise<Server> {
  const { daemon, socket, leave, log } = options;
  const router = createRouter<Route>();
  for (const route of routes) addRoute(router, route.method, apiPrefix + route.path, route);

  const server = createServer((request, response) => {
    answer({ request, response }).catch((error: unknown) => {
      log(`${request.method} ${request.url}: ${String(error)}`);
      if (!response.headersSent) sendProblem(response, error);
      else if (!response.writableEnded)
        response.end(`${JSON.stringify({ problem: problemFrom(error) })}\n`);
    });
  });
  const answer = async (exchange: { request: IncomingMessage; response: ServerResponse }) => {
    const { request } = exchange;
    const url = new URL(request.url ?? "/", "http://xm");
    const method = request.method ?? "GET";
    const found = findRoute(router, method, url.pathname);
    if (found === undefined) throw xmError("ERR_ROUTE_NOT_FOUND", { method, path: url.pathname });
    await daemon.isRestored;
    const params = Object.fromEntries(
      Object.entries(found.params ?? {}).map(([key, value]) => [key, decodeURIComponent(value)]),
    );
    await found.data.handle({ ...exchange, daemon, params, query: url.searchParams, leave });
  };
  // A stream lasts as long as its reader does, and a stop as long as its grace period.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 5_000;
  removeIfThere(socket);
  const umask = process.umask(0o177);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Bound within the call, so the narrow umask is not seen by anything else.
    server.listen(socket, () => resolve(server));
    process.umask(umask);
  });
}
