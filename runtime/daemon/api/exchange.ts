import type { IncomingMessage, ServerResponse } from "node:http";
import * as v from "valibot";
import type { AnswerOf, BodyOf, Call, CallName, Readonlys } from "../../contract/api/calls.ts";
import { xmError } from "../../contract/errors.ts";
import { tellIssue } from "../../contract/api/schema-words.ts";
import { jsonFor } from "../registry/redaction.ts";
import type { Inspector } from "./inspector-port.ts";
import type { Daemon } from "../daemon.ts";

/** One request as a handler sees it. */
export interface Exchange<N extends CallName = CallName> {
  readonly daemon: Daemon;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Validated; `undefined` where the call takes none. */
  readonly body: BodyOf<N>;
  readonly inspector: Inspector;
  /** Answers with one value. */
  readonly send: (value: Readonlys<AnswerOf<N>>) => void;
  /** Answers with a line each. */
  readonly openStream: () => LineStream<Readonlys<AnswerOf<N>>>;
  /** Ends the daemon once the answer is out. */
  readonly leave: (how: Leave) => void;
}

/** What answers a call. A method, so that a table may hold one for each. */
export type Handler<N extends CallName> = {
  answer(exchange: Exchange<N>): Promise<void> | void;
}["answer"];

/** How a daemon goes: its processes stopped and forgotten, or left running for the next one. */
export type Leave = "shutDown" | "handOver";

export interface Route extends Call {
  readonly handle: Handler<CallName>;
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
  largestBytes = largestBodyBytes,
): Promise<v.InferOutput<TSchema>> {
  const narrow = narrowed.get(request);
  const largest = narrow === undefined ? largestBytes : largestBytesOverTcp;
  const value = parseJson(await readText(request, largest));
  const result = v.safeParse(schema, value);
  if (!result.success) throw invalid(result.issues.map(tellIssue));
  if (narrow !== undefined) {
    const allowed = v.safeParse(narrow, value);
    if (!allowed.success) {
      const what = `not available over TCP: ${allowed.issues.map(tellIssue).join("; ")}`;
      throw xmError("ERR_INSPECTOR_READ_ONLY", { what });
    }
  }
  return result.output;
}

/** From now on `readBody` takes nothing of this request that its schema for TCP does not allow. */
export function narrowBody(request: IncomingMessage, schema: v.GenericSchema): void {
  narrowed.set(request, schema);
}

const narrowed = new WeakMap<IncomingMessage, v.GenericSchema>();

/** Ids of ten thousand processes are 60 KB. */
const largestBytesOverTcp = 256 * 1024;

/** A body that is too large is still read to its end; otherwise the sender would see a cut connection and no answer. */
async function readText(request: IncomingMessage, largest: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largest) chunks.length = 0;
    else chunks.push(chunk);
    if (bytes > largest * mostTimesTooLarge) break;
  }
  if (bytes > largest) throw invalid([`the body is larger than ${sizeOf(largest)}`]);
  return Buffer.concat(chunks).toString("utf8");
}

/** Of a body that is larger than this, nothing more is read. */
const mostTimesTooLarge = 16;

function sizeOf(bytes: number): string {
  const mb = bytes / 1024 / 1024;
  return mb >= 1 ? `${mb} MB` : `${bytes / 1024} KB`;
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
 * `text/event-stream`. The last line is `{"end":true}` or `{"problem":…}`, so that a cut stream differs from a
 * finished one. The headers go out with the first line, or after a second at the latest: a command that fails
 * before it has done anything still answers with a problem and its status, and a client that waits for a long
 * stop knows that the daemon has heard it.
 */
export function startStream(
  request: IncomingMessage,
  response: ServerResponse,
): LineStream<unknown> {
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
      // Lines of one turn of the event loop are written together: a system call costs more than a line.
      if (waiting === "") process.nextTick(flush);
      waiting += frame(value);
      if (waiting.length > mostWaiting) flush();
      return !response.writableNeedDrain;
    },
    drained: () => drained(response),
    end: () => {
      if (response.writableEnded) return;
      open();
      flush();
      response.end(frame({ end: true }));
    },
  };
}

/** Resolves when more may be written, or nothing any more. */
export function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    if (response.destroyed || !response.writableNeedDrain) return resolve();
    response.on("drain", done);
    response.on("close", done);
  });
}

export interface LineStream<T> {
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  open(): void;
  /** `false` when the client reads slower than lines come: wait for `drained`. */
  write(value: T): boolean;
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
