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
  /** Silence after which the daemon is checked for; ms. */
  readonly answerWithinMs: number;
  /** Whether the daemon answers at all: then this call takes its time. Without it silence is a failure. */
  readonly isThere?: (() => Promise<boolean>) | undefined;
  /** Silence in the middle of the answer counts too: a command's end is waited for, a log's next line is not. */
  readonly isCommand?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}): Promise<Answer> {
  const { socket: path, method, body, answerWithinMs, isThere, isCommand, signal } = options;
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
    let text = "";
    let hasAnswered = false;
    const fail = (error: Error): void => {
      silence.end();
      signal?.removeEventListener("abort", abort);
      socket.destroy();
      reject(error);
    };
    const abort = (): void => fail(new Error("aborted"));
    signal?.addEventListener("abort", abort, { once: true });
    const silence = watchSilence({ afterMs: answerWithinMs, isThere }, () => {
      if (hasAnswered) socket.destroy(new AnswerTimeout());
      else fail(new AnswerTimeout());
    });
    const onData = (chunk: string): void => {
      text += chunk;
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      signal?.removeEventListener("abort", abort);
      socket.pause();
      socket.off("data", onData);
      socket.off("error", fail);
      hasAnswered = true;
      if (isCommand !== true) silence.end();
      const status = Number(text.slice(9, 12));
      resolve({ status, body: readBody(socket, text.slice(end + 4), { signal, silence }) });
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
  { signal, silence }: { signal: AbortSignal | undefined; silence: Silence },
): AsyncIterable<string> {
  const abort = (): void => void socket.destroy();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    if (first !== "") yield first;
    for await (const chunk of socket) {
      silence.broken();
      yield chunk as string;
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  } finally {
    silence.end();
    signal?.removeEventListener("abort", abort);
    socket.destroy();
  }
}

interface Silence {
  /** Something came: it begins again. */
  broken(): void;
  end(): void;
}

/** Repeatedly pings the daemon after a time of silence; calls back once it is gone. */
function watchSilence(
  { afterMs, isThere }: { afterMs: number; isThere: (() => Promise<boolean>) | undefined },
  onGone: () => void,
): Silence {
  let hasEnded = false;
  let timer: NodeJS.Timeout;
  const look = async (): Promise<void> => {
    const answers = isThere !== undefined && (await isThere());
    if (hasEnded) return;
    if (answers) begin();
    else onGone();
  };
  const begin = (): void => {
    clearTimeout(timer);
    if (!hasEnded) timer = setTimeout(() => void look(), afterMs);
  };
  begin();
  return {
    broken: begin,
    end: () => {
      hasEnded = true;
      clearTimeout(timer);
    },
  };
}
