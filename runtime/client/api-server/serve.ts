import {
  createServer,
  request as ask,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { problemFrom } from "../../contract/api/problem.ts";
import { rightsHeader, type Rights } from "../../contract/api/rights.ts";
import { isLoopback, isThisMachine } from "../loopback.ts";
import { messageOf, xmError } from "../../contract/errors.ts";
import { withSocketPath } from "../../host/socket-path.ts";
import { openApiFile, referencePage } from "./reference.ts";
import { rightsOf, type Tokens } from "./tokens.ts";

/*
 * The API over TCP, by a program of its own: it checks the token and hands the request on to the daemon's unix socket, with a
 * header that says what the token allows. What that is, is the daemon's to decide: the routes and bodies that the inspector's
 * port has too, without values of environment variables. A flood of requests ends here.
 */

/** Of a request's body. Ten thousand ids fit. */
const largestBody = 128 * 1024;

const mostConnections = 256;

/** A whole request must arrive within this time; its answer may take as long as it is read. ms. */
const requestWithinMs = 30_000;

export interface ApiServerOptions {
  readonly host: string;
  readonly port: number;
  /** The daemon's. */
  readonly socket: string;
  readonly home: string;
  /** Read at each request: new ones are valid at once. */
  readonly tokens: () => Tokens;
}

export function serveApiOverTcp(options: ApiServerOptions): Promise<Server> {
  const { host, port } = options;
  const isLocal = isLoopback(host);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader("x-content-type-options", "nosniff");
    response.setHeader("cache-control", "no-store");
    // A page of another site, whose name was changed to mean this machine, learns nothing; nor may a browser ask for one.
    if (isLocal && !isThisMachine(request.headers.host)) return refuse(response, 421);
    if (request.headers.origin !== undefined) return refuse(response, 403);
    const { pathname } = new URL(request.url ?? "/", "http://xm");
    if (request.method === "GET" && pathname === "/") return referencePage(response);
    if (request.method === "GET" && pathname === "/openapi.json") return openApiFile(response);
    const rights = rightsFor(request, options.tokens());
    await handOn({ request, response }, rights, options);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => sendProblem(response, error));
  });
  server.requestTimeout = requestWithinMs;
  server.headersTimeout = requestWithinMs;
  server.maxConnections = mostConnections;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve(server));
  });
}

/** @throws `ERR_API_DENIED` */
function rightsFor({ headers }: IncomingMessage, tokens: Tokens): Rights {
  const [, token] = /^Bearer ([\w-]{1,200})$/.exec(headers.authorization ?? "") ?? [];
  const rights = token === undefined ? undefined : rightsOf(tokens, token);
  if (rights !== undefined) return rights;
  const why = token === undefined ? "the request has none" : "the request's is not valid";
  throw xmError("ERR_API_DENIED", { why });
}

async function handOn(
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  rights: Rights,
  { socket, home }: Pick<ApiServerOptions, "socket" | "home">,
): Promise<void> {
  const body = await bodyOf(request);
  const { accept = "application/json", "content-type": type } = request.headers;
  await new Promise<void>((done, fail) => {
    const onward = withSocketPath(socket, (socketPath) =>
      ask({
        socketPath,
        method: request.method,
        path: request.url,
        headers: {
          accept,
          [rightsHeader]: rights,
          ...(body.length === 0 ? {} : { "content-length": body.length }),
          ...(type === undefined ? {} : { "content-type": type }),
        },
      }),
    );
    onward.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, {
        "content-type": answer.headers["content-type"] ?? "application/json",
      });
      answer.pipe(response);
      // The daemon has died in the middle: the reader sees an answer that is cut off, not one that is whole.
      answer.once("aborted", () => response.destroy());
      answer.once("close", done);
    });
    onward.once("error", (error) => {
      const { code } = error as NodeJS.ErrnoException;
      const isAbsent = code === "ENOENT" || code === "ECONNREFUSED";
      fail(isAbsent ? xmError("ERR_DAEMON_NOT_RUNNING", { home }) : error);
    });
    response.once("close", () => onward.destroy());
    onward.end(body);
  });
}

/** @throws `ERR_INPUT_INVALID` for one that is too large. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes > largestBody) throw tooLarge();
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}

function tooLarge(): Error {
  const faults = [`the body is larger than ${largestBody / 1024} KB`];
  return xmError("ERR_INPUT_INVALID", { faults });
}

function sendProblem(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const problem = problemFrom(error);
  const isUnknown = problem.code === "ERR_API_DENIED";
  response.writeHead(isUnknown ? 401 : problem.status, {
    "content-type": "application/problem+json",
    ...(isUnknown ? { "www-authenticate": "Bearer" } : {}),
    // What is left of a body that is too large is not read.
    ...(problem.class === "denied" || problem.class === "invalid" ? { connection: "close" } : {}),
  });
  response.end(JSON.stringify(isUnknown ? { ...problem, status: 401 } : problem));
  if (problem.code === "ERR_INTERNAL") process.stderr.write(`xm api: ${messageOf(error)}\n`);
}

function refuse(response: ServerResponse, status: 403 | 421): void {
  const text = status === 421 ? "not this host" : "not for pages of other sites";
  response.writeHead(status, { "content-type": "text/plain", connection: "close" });
  response.end(`${text}\n`);
}
