import type { IncomingMessage, ServerResponse } from "node:http";
import * as v from "valibot";
import { xmError } from "../../contract/errors.ts";
import { jsonFor } from "../registry/redaction.ts";
import type { Inspector } from "./inspector-port.ts";
import type { Daemon } from "../daemon.ts";

/** One request as a handler sees it. */
export interface Exchange {
  readonly daemon: Daemon;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly inspector: Inspector;
  /** It came by TCP: see `Route.overTcp`. */
  readonly isRemote: boolean;
  /** Ends the daemon once the answer is out. */
  readonly leave: (how: Leave) => void;
}

/** How a daemon goes: its processes stopped and forgotten, or left running for the next one. */
export type Leave = "shutDown" | "handOver";

export interface Route {
  readonly method: "GET" | "POST";
  /** Path under `/v1`; `:name` is a parameter. */
  readonly path: string;
  readonly summary: string;
  /** Name of the request's schema in `schemas.ts`, where it takes a body. */
  readonly body?: string;
  /** Name of the answer's schema; `stream` when it is a line each. */
  readonly answer: string;
  readonly kind: "json" | "stream";
  /** What acts on processes may be asked for by TCP, with `--control`; what reads always, and all else never. */
  readonly overTcp?: "control";
  readonly handle: (exchange: Exchange) => Promise<void> | void;
}

/** No request of ours comes near: 10 000 apps with a 1 KB environment each are 10 MB. */
const largestBodyBytes = 64 * 1024 * 1024;

/**
 * The JSON body of a request, validated.
 * @throws `ERR_INPUT_INVALID` with the path and the expectation of every fault.
 */
export async function readBody<TSchema extends v.GenericSchema>(
  request: IncomingMessage,
  schema: TSchema,
): Promise<v.InferOutput<TSchema>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largestBodyBytes)
      throw invalid([`the body is larger than ${largestBodyBytes} bytes`]);
    chunks.push(chunk);
  }
  const result = v.safeParse(schema, parseJson(Buffer.concat(chunks).toString("utf8")));
  if (!result.success) throw invalid(result.issues.map(tellIssue));
  return result.output;
}

/** Half of what a client waits before it calls the daemon unresponsive would do; ms. */
const silentForMs = 1_000;

/** Characters of lines that go out together. */
const mostWaiting = 64 * 1024;

/** Answers with one JSON value. */
export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  // Its caller was answered already: the daemon is leaving.
  if (response.writableEnded) return;
  const body = jsonFor(response, value);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

/**
 * Answers with a stream of JSON values, one per line (NDJSON), or as server-sent events when the client asks for
 * `text/event-stream`. The last line is `{"end":true}` or `{"problem":…}`, so that a cut stream is told from a
 * finished one. The headers go out with the first line, or after a second at the latest: a command that fails
 * before it has done anything still answers with a problem and its status, and a client that waits for a long
 * stop knows that the daemon has heard it.
 */
export function startStream(request: IncomingMessage, response: ServerResponse): LineStream {
  const isEventStream = request.headers.accept?.includes("text/event-stream") ?? false;
  const frame = (value: unknown): string =>
    isEventStream ? `data: ${jsonFor(response, value)}\n\n` : `${jsonFor(response, value)}\n`;
  const open = (): void => {
    if (response.headersSent || response.writableEnded) return;
    response.writeHead(200, {
      "content-type": isEventStream ? "text/event-stream" : "application/x-ndjson",
      "cache-control": "no-store",
    });
    response.flushHeaders();
  };
  let waiting = "";
  const flush = (): void => {
    if (waiting === "") return;
    const text = waiting;
    waiting = "";
    if (!response.writableEnded) response.write(text);
  };
  const abort = new AbortController();
  const opener = setTimeout(open, silentForMs);
  response.on("close", () => {
    clearTimeout(opener);
    abort.abort();
  });
  return {
    signal: abort.signal,
    open,
    write: (value) => {
      open();
      // What comes in one turn of the event loop goes out at once: a call of the kernel costs more than a line.
      if (waiting === "") process.nextTick(flush);
      waiting += frame(value);
      if (waiting.length > mostWaiting) flush();
      return !response.writableNeedDrain;
    },
    drained: () =>
      new Promise((resolve) => {
        response.once("drain", resolve);
        response.once("close", resolve);
      }),
    end: () => {
      if (response.writableEnded) return;
      open();
      flush();
      response.end(frame({ end: true }));
    },
  };
}

export interface LineStream {
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  open(): void;
  /** `false` when the client reads slower than lines come: wait for `drained`. */
  write(value: unknown): boolean;
  drained(): Promise<unknown>;
  end(): void;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (key, value: unknown) => {
      if (key === "__proto__" || key === "constructor")
        throw new SyntaxError(`the key "${key}" is refused`);
      return value;
    });
  } catch (error) {
    throw xmError(
      "ERR_INPUT_INVALID",
      { faults: [`the body is not JSON: ${String(error)}`] },
      { cause: error },
    );
  }
}

function invalid(faults: readonly string[]): Error {
  return xmError("ERR_INPUT_INVALID", { faults });
}

function tellIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? "body";
  return `${path}: expected ${issue.expected ?? issue.message}, got ${issue.received}`;
}
