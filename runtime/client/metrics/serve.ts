import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isLoopback, isThisMachine } from "../loopback.ts";
import { messageOf } from "../../contract/errors.ts";

/** One page of text, made when it is asked for. */
export interface Page {
  readonly type: string;
  readonly text: string;
}

/**
 * Serves pages to GET and HEAD. On a loopback address only a request that names this machine is answered: a page of another
 * site, whose name was changed to mean this machine, learns nothing.
 */
export function servePages(options: {
  readonly host: string;
  readonly port: number;
  readonly paths: readonly string[];
  readonly page: (request: IncomingMessage) => Promise<Page>;
}): Promise<Server> {
  const { host, port, paths, page } = options;
  const isLocal = isLoopback(host);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refuse = (status: number, text: string): void => {
      response.writeHead(status, { "content-type": "text/plain" }).end(`${text}\n`);
    };
    if (isLocal && !isThisMachine(request.headers.host)) return refuse(421, "not this host");
    if (request.method !== "GET" && request.method !== "HEAD") return refuse(405, "GET only");
    const path = (request.url ?? "").split("?")[0] ?? "";
    if (!paths.includes(path)) return refuse(404, `there is ${paths.join(", ")}`);
    try {
      const { type, text } = await page(request);
      response.writeHead(200, { "content-type": type, "x-content-type-options": "nosniff" });
      response.end(request.method === "HEAD" ? undefined : text);
    } catch (error) {
      refuse(503, messageOf(error));
    }
  };
  const server = createServer((request, response) => void answer(request, response));
  server.requestTimeout = 10_000;
  server.maxConnections = 64;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve(server));
  });
}
