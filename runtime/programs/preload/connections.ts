import type { ServerHttp2Session } from "node:http2";
import type { Server, Socket } from "node:net";

/** The connections of one server, and what keeps each from being closed. */
export interface Connections {
  /** From now on every answer is the last of its connection, and what is idle for this long is closed. */
  drain(patience: Patience): void;
  /** Closes what has been idle for long enough, and counts the rest. */
  left(): Left;
}

/** Connections that are not closed yet. */
export interface Left {
  /** With requests. */
  readonly busy: number;
  /** Without, and a request may be on its way. */
  readonly idle: number;
  /** For something that is not HTTP/1. */
  readonly open: number;
}

/** How long a connection may say nothing before it is closed; ms. */
export interface Patience {
  readonly keptAliveMs: number;
  /** One without a request yet may be about to send it: it usually comes with the next packet. */
  readonly freshMs: number;
}

/**
 * A reload has the time that a client on a busy machine may need between its connection and its request; a stop is short.
 * @param graceMs until the process is killed.
 */
export function patienceOf(graceMs: number): Patience {
  const within = (least: number, ms: number, most: number): number =>
    Math.min(Math.max(least, ms), most);
  return { keptAliveMs: within(100, graceMs / 32, 300), freshMs: within(250, graceMs / 8, 1_000) };
}

/** The longest a TLS handshake is waited for; ms. */
const handshakeMs = 1_000;

/** What Node's HTTP server keeps on a socket. Not documented, and the same since Node 0.10. */
interface HttpSocket extends Socket {
  readonly parser?: object | null;
  readonly _httpMessage?: { shouldKeepAlive: boolean; headersSent: boolean } | null;
}

interface Watched {
  bytesRead: number;
  since: number;
}

/** From now on every answer of this process is the last of its connection, of those that have not begun. */
export function answerLast(): void {
  const { subscribe } =
    require("node:diagnostics_channel") as typeof import("node:diagnostics_channel");
  subscribe("http.server.request.start", (message) => {
    (message as { response: { shouldKeepAlive: boolean } }).response.shouldKeepAlive = false;
  });
}

export function connectionsOf(server: Server): Connections {
  const sockets = new Set<HttpSocket>();
  const sessions = new Map<ServerHttp2Session, { streams: number; since: number }>();
  const idle = new Map<HttpSocket, Watched>();
  const isTls = "setSecureContext" in server;
  let handshakes = 0;
  let drainedAt = 0;
  let patience = patienceOf(0);

  const add = (socket: HttpSocket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  };
  if (isTls) {
    server.on("connection", () => void (handshakes += 1));
    server.on("tlsClientError", () => void (handshakes -= 1));
    server.on("secureConnection", (socket: HttpSocket) => {
      handshakes -= 1;
      add(socket);
    });
  } else {
    server.on("connection", add);
  }
  server.on("session", (session: ServerHttp2Session) => {
    const state = { streams: 0, since: performance.now() };
    sessions.set(session, state);
    session.once("close", () => sessions.delete(session));
    session.on("stream", (stream) => {
      state.streams += 1;
      stream.once("close", () => void (state.streams -= 1));
    });
  });

  /** @returns whether it is still there. */
  const closeIfIdle = (socket: HttpSocket, now: number): boolean => {
    const { bytesRead } = socket;
    const watched = idle.get(socket);
    if (watched === undefined || watched.bytesRead !== bytesRead) {
      idle.set(socket, { bytesRead, since: now });
      return true;
    }
    if (now - watched.since < (bytesRead === 0 ? patience.freshMs : patience.keptAliveMs)) {
      return true;
    }
    socket.destroySoon();
    return false;
  };

  return {
    drain: (given) => {
      patience = given;
      drainedAt = performance.now();
      for (const { _httpMessage: answer } of sockets) {
        if (answer && !answer.headersSent) answer.shouldKeepAlive = false;
      }
    },
    left: () => {
      const now = performance.now();
      const count = { busy: 0, idle: 0, open: 0 };
      if (handshakes > 0 && now - drainedAt < handshakeMs) count.idle += handshakes;
      for (const socket of sockets) {
        if (socket.destroyed) continue;
        if (socket._httpMessage) {
          idle.delete(socket);
          count.busy += 1;
        } else if (socket.parser) count.idle += closeIfIdle(socket, now) ? 1 : 0;
        else if (!isOfSession(socket, sessions)) count.open += 1;
      }
      for (const [session, { streams, since }] of sessions) {
        // One that has just begun has not asked yet what it was made for.
        const isFresh = streams === 0 && since > drainedAt && now - since < patience.freshMs;
        if (!isFresh) goAway(session);
        count.busy += 1;
      }
      return count;
    },
  };
}

/**
 * A GOAWAY with the last stream that was taken; the session closes after it. A first one that refuses no stream
 * (RFC 9113, 6.8) is not available: once a GOAWAY is out, Node (nghttp2) takes no new stream, whatever it said, and
 * a client whose stream was on its way would wait for an answer. So it learns at once that it may ask elsewhere.
 */
function goAway(session: ServerHttp2Session): void {
  if (!session.closed) session.close();
}

/** A session keeps its socket behind a proxy; it is recognized by its address. */
function isOfSession(socket: Socket, sessions: ReadonlyMap<ServerHttp2Session, unknown>): boolean {
  for (const session of sessions.keys()) {
    if (session.destroyed) continue;
    const { remotePort, remoteAddress } = session.socket;
    if (remotePort === socket.remotePort && remoteAddress === socket.remoteAddress) return true;
  }
  return false;
}
