import { connect, type Socket } from "node:net";
import { withSocketPath } from "../../host/socket-path.ts";

/**
 * The part of HTTP that a client of our own daemon needs, over a unix socket: one request per connection, as
 * HTTP/1.0, so that the end of the body is the end of the connection and there are no chunks to parse. Node's
 * own client does all of HTTP and costs a CLI call 8 ms more (46 ms is all of `node -e 0`); that is the one
 * reason this exists. It does not protect against a server that is not ours.
 */
export function request(options: {
  readonly socket: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** How long to wait for the first byte of the answer; ms. */
  readonly answerWithinMs: number;
  readonly signal?: AbortSignal | undefined;
}): Promise<Answer> {
  const { socket: path, method, body, answerWithinMs, signal } = options;
  const payload = body === undefined ? "" : JSON.stringify(body);
  const head = [
    `${method} ${options.path} HTTP/1.0`,
    "host: xm",
    ...(body === undefined
      ? []
      : [`content-length: ${Buffer.byteLength(payload)}`, "content-type: application/json"]),
  ];
  return new Promise((resolve, reject) => {
    const socket = withSocketPath(path, (short) => connect(short));
    const timer = setTimeout(() => fail(new AnswerTimeout()), answerWithinMs);
    let text = "";
    const fail = (error: Error): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      socket.destroy();
      reject(error);
    };
    const abort = (): void => fail(new Error("aborted"));
    signal?.addEventListener("abort", abort, { once: true });
    const onData = (chunk: string): void => {
      text += chunk;
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      socket.pause();
      socket.off("data", onData);
      socket.off("error", fail);
      const status = Number(text.slice(9, 12));
      resolve({ status, body: readBody(socket, text.slice(end + 4), signal) });
    };
    socket.setEncoding("utf8");
    socket.on("data", onData);
    socket.on("error", fail);
    socket.on("end", () => fail(new ConnectionCut()));
    socket.write(`${head.join("\r\n")}\r\n\r\n${payload}`);
  });
}

export interface Answer {
  readonly status: number;
  /** The body as it comes; it ends with the connection. */
  readonly body: AsyncIterable<string>;
}

/** The daemon accepted the connection, or the kernel did for it, and nothing came back. */
export class AnswerTimeout extends Error {
  override readonly name = "AnswerTimeout";
}

/** The daemon died before it answered. */
export class ConnectionCut extends Error {
  override readonly name = "ConnectionCut";
}

async function* readBody(
  socket: Socket,
  first: string,
  signal: AbortSignal | undefined,
): AsyncIterable<string> {
  const abort = (): void => void socket.destroy();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    if (first !== "") yield first;
    for await (const chunk of socket) yield chunk as string;
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
    socket.destroy();
  }
}
