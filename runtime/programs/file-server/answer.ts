import { constants, type Stats } from "node:fs";
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import send from "send";
import { listing } from "./listing.ts";
import { isLoggedIn } from "./login.ts";
import type { ServeSettings } from "../../contract/file-server.ts";

/**
 * Answers one request with a file of the folder. `send` does the error-prone part: it keeps paths inside the folder,
 * answers ranges and conditional requests, and ends well when a file is unreadable or goes while it is read.
 *
 * Dot files are not there (`.env`, `.git`), but for `/.well-known/`; a folder shows its `index.html`, and is listed only
 * when that is wanted.
 * Links are followed: anyone who can write to the folder decides what is served.
 */
export function answer(
  settings: ServeSettings,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { login, homepage } = settings;
  if (!isOwnHost(settings, request)) {
    say(request, response, 421, "421 Misdirected Request");
    return;
  }
  if (login !== undefined && !isLoggedIn(request.headers.authorization, login)) {
    // The realm is PM2's: browsers keep a password by it.
    response.setHeader("WWW-Authenticate", 'Basic realm="Authentication service"');
    say(request, response, 401, "401 Unauthorized");
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    say(request, response, 405, "405 Method Not Allowed");
    return;
  }
  const [path = "/"] = (request.url ?? "/").split("?");
  give(settings, request, response, path === "/" ? [homepage, path] : [path]);
}

/**
 * A listener for this machine alone is also reached by a page of another site whose name was made to mean this machine
 * (DNS rebinding). A browser then sends that name with this port. A proxy in front sends its own name without this port.
 */
function isOwnHost({ host }: ServeSettings, { headers, socket }: IncomingMessage): boolean {
  if (!isLoopback(host) || headers.host === undefined) return true;
  const [, name = "", port = "80"] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(headers.host) ?? [];
  return isLoopback(name) || Number(port) !== socket.localPort;
}

function isLoopback(host: string): boolean {
  return /^(127(\.\d{1,3}){3}|\[?::1\]?|localhost|.+\.localhost)$/i.test(host);
}

/** Gives the first path that is there; after them the homepage of a single-page application, or a 404. */
function give(
  settings: ServeSettings,
  request: IncomingMessage,
  response: ServerResponse,
  [path = "/", ...others]: readonly string[],
): void {
  const { folder, homepage, isSinglePage, lists } = settings;
  const dotfiles = isWellKnown(path) ? "allow" : "ignore";
  filesOnly(send(request, path, { root: folder, dotfiles, index: "index.html" }))
    .on("headers", open)
    .on("error", (error: { status?: number }) => {
      const status = error.status ?? 500;
      if (response.headersSent) response.destroy();
      // Paths outside the folder do not exist either.
      else if (status !== 404 && status !== 403)
        say(request, response, status, `${status} ${STATUS_CODES[status]}`);
      else if (others.length > 0) give(settings, request, response, others);
      else if (lists && path.endsWith("/")) showList(settings, request, response, path);
      else if (isSinglePage && path !== homepage) give(settings, request, response, [homepage]);
      else notFound(settings, request, response);
    })
    .pipe(response);
}

/** What `send` calls itself with the file that it has found, and to read it. */
interface Sending {
  send(path: string, stat: Stats): void;
  stream(path: string, options: object): void;
}

/** Opening a pipe or a device blocks one of the few threads that all requests share: only files are served. */
function filesOnly(sending: send.SendStream): send.SendStream {
  const own = sending as unknown as Sending;
  const give = own.send.bind(own);
  const read = own.stream.bind(own);
  own.send = (path, stat) => {
    if (stat.isFile()) give(path, stat);
    else (sending as unknown as { error(status: number): void }).error(404);
  };
  // It may have been replaced by a pipe since.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  own.stream = (path, options) => read(path, { ...options, flags });
  return sending;
}

function showList(
  settings: ServeSettings,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): void {
  const page = listing(settings.folder, path);
  if (page === undefined) return notFound(settings, request, response);
  open(response);
  say(request, response, 200, page);
}

/** The folder's own page for it, or a line. */
function notFound(
  { folder }: ServeSettings,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  // A part of the page, or "not changed", would be no answer to another path.
  for (const name of ["range", "if-none-match", "if-modified-since"]) delete request.headers[name];
  response.statusCode = 404;
  filesOnly(send(request, "/404.html", { root: folder, cacheControl: false }))
    .on("error", () => {
      if (response.headersSent) response.destroy();
      else say(request, response, 404, "404 Not Found");
    })
    .pipe(response);
}

/** Scripts of other origins may read what everybody may (PM2). */
function open(response: ServerResponse): void {
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Access-Control-Allow-Methods", "GET");
}

/** `/.well-known/` is for everybody (RFC 8615), but no dot file below it. */
function isWellKnown(path: string): boolean {
  const [, first, ...below] = path.split("/");
  return first === ".well-known" && !below.some((part) => /^(\.|%2e)/i.test(part));
}

function say(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
): void {
  response.statusCode = status;
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.setHeader("Content-Length", Buffer.byteLength(text));
  response.end(request.method === "HEAD" ? undefined : text);
}
