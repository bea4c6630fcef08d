import { connect, type Socket } from "node:net";
import type { AppSpec, LogPaths } from "../../../machines/spec.ts";
import type { Check } from "../../../machines/probes.ts";
import type { Question, Reply } from "../../contract/app-link/protocol.ts";
import { httpStatusIn } from "../../contract/http-status.ts";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { askCommand } from "./ask-command.ts";
import { readLogs, type LogPlaces } from "./log-lines.ts";
import type { Answer, Ask } from "./run.ts";

/** Of whom it is asked. */
export interface Asked {
  readonly spec: AppSpec;
  readonly instance: number;
  readonly logs: LogPaths;
  /** Where this life's part of each log begins; bytes. */
  readonly begin: LogPlaces;
  /** How many heartbeats its event loop has sent. */
  readonly beats: () => number;
  /** Asks the process over its own line; `null` for no answer. */
  readonly question: (
    order: { readonly about: Question; readonly timeoutMs: number },
    signal: AbortSignal,
  ) => Promise<Reply | null>;
}

/** What is read of an answer. */
const mostBytes = 10 * 1024;

const good: Answer = { isGood: true };
const bad = (why: string): Answer => ({ isGood: false, why });

/** How a check is asked. */
export function askerOf(check: Check, asked: Asked): Ask {
  // The processes of a cluster share their port, and any of them would answer there: each one is asked over its own line.
  const isShared = check.kind === "http" || check.kind === "tcp" || check.kind === "unix";
  if (isShared && asked.spec.mode === "cluster") return askWorker(check, asked);
  switch (check.kind) {
    case "http":
      return (options) => askHttp(check, { ...options, port: portOf(check.port, asked) });
    case "tcp":
      return ({ timeoutMs }) => {
        const port = portOf(check.port, asked);
        return typeof port === "string"
          ? Promise.resolve(bad(port))
          : askSocket({ host: check.host, port }, timeoutMs);
      };
    case "unix":
      return ({ timeoutMs }) => askSocket({ path: check.path }, timeoutMs);
    case "exec":
      return ({ timeoutMs, signal }) => askCommand(check.command, asked.spec, timeoutMs, signal);
    case "log": {
      const has = readLogs(check, asked.logs, asked.begin);
      return () => Promise.resolve(has() ? good : bad(`no line with "${check.text}" yet`));
    }
    case "message":
      return () => Promise.resolve(bad("it has not sent `ready`"));
    case "heartbeat": {
      let last: number | undefined;
      return () => {
        const now = asked.beats();
        // The first look has nothing to compare with.
        const turns = now !== last;
        last = now;
        return Promise.resolve(turns ? good : bad("its event loop is blocked"));
      };
    }
    case "loop":
      return async ({ timeoutMs, signal }) => {
        const reply = await asked.question({ about: { kind: "loop" }, timeoutMs }, signal);
        return judgeLoop(check, reply, timeoutMs);
      };
  }
}

function askWorker(check: Extract<Check, { kind: "http" | "tcp" | "unix" }>, asked: Asked): Ask {
  return async ({ timeoutMs, signal }) => {
    const server = check.kind === "unix" ? check.path : portOf(check.port, asked);
    if (check.kind !== "unix" && typeof server === "string") return bad(server);
    const isHttp = check.kind === "http";
    const about: Question = {
      kind: "server",
      server: String(server),
      isTls: isHttp && check.isTls,
      request: isHttp ? requestOf(check, Number(server)) : null,
    };
    const reply = await asked.question({ about, timeoutMs }, signal);
    if (reply === null) return bad(`no answer within ${timeoutMs} ms`);
    if (reply.fault !== undefined) return bad(reply.fault);
    if (!isHttp) return good;
    const { status = 0 } = reply;
    return status >= check.least && status <= check.most ? good : bad(`HTTP ${status}`);
  };
}

function judgeLoop(
  { maxDelayMs, maxUtilization }: Extract<Check, { kind: "loop" }>,
  reply: Reply | null,
  timeoutMs: number,
): Answer {
  if (reply === null) return bad(`its event loop did not answer within ${timeoutMs} ms`);
  const { delayMs = 0, utilization = 0, fault } = reply;
  if (fault !== undefined) return bad(fault);
  if (maxDelayMs !== null && delayMs > maxDelayMs)
    return bad(`its event loop was blocked for ${Math.round(delayMs)} ms`);
  if (maxUtilization !== null && utilization > maxUtilization)
    return bad(`its event loop was busy for ${(utilization * 100).toFixed(0)} % of the time`);
  return good;
}

/** A number, or what is wrong with the variable that should hold it. */
function portOf(port: number | string, { spec, instance }: Asked): number | string {
  if (typeof port === "number") return port;
  const name = port.slice(1);
  const first = Number(spec.env[name]);
  const own = spec.incrementVariable === name ? first + instance : first;
  const isPort = Number.isInteger(own) && own > 0 && own < 65_536;
  return isPort ? own : `the variable ${name} contains no port`;
}

function requestOf(
  { host, path, headers }: Extract<Check, { kind: "http" }>,
  port: number,
): string {
  const hasHost = Object.keys(headers).some((name) => name.toLowerCase() === "host");
  const given = Object.entries(hasHost ? headers : { Host: `${host}:${port}`, ...headers });
  const head = given.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `GET ${path} HTTP/1.1\r\n${head}Connection: close\r\n\r\n`;
}

function askHttp(
  check: Extract<Check, { kind: "http" }>,
  { signal, timeoutMs, port }: { signal: AbortSignal; timeoutMs: number; port: number | string },
): Promise<Answer> {
  if (typeof port === "string") return Promise.resolve(bad(port));
  const { host, least, most } = check;
  return new Promise((resolve, reject) => {
    const begin = (socket: Socket): void => {
      let said = "";
      let isOver = false;
      const answer = (told: Answer): void => {
        isOver = true;
        resolve(told);
      };
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        socket.destroy();
        if (!isOver) answer(bad("it closed the connection without an answer"));
      };
      const timer = setTimeout(() => {
        if (!isOver) answer(bad(`no answer within ${timeoutMs} ms`));
        end();
      }, timeoutMs);
      signal.addEventListener("abort", end);
      socket.on("error", (error) => {
        if (!isOver) answer(bad(errnoOf(error) ?? messageOf(error)));
        end();
      });
      // What follows the status is read, up to a limit, so that the app sees its answer taken.
      socket.on("data", (piece: Buffer) => {
        said += piece.toString("latin1");
        const status = isOver ? null : httpStatusIn(said);
        if (status !== null)
          answer(status >= least && status <= most ? good : bad(`HTTP ${status}`));
        if (said.length > mostBytes) end();
      });
      socket.on("end", end);
      socket.on("close", end);
      socket.write(requestOf(check, port));
    };
    if (!check.isTls) begin(connect({ host, port }));
    // A certificate of its own will do: it is this machine's own program.
    else
      import("node:tls").then(
        (tls) => begin(tls.connect({ host, port, rejectUnauthorized: false })),
        reject,
      );
  });
}

function askSocket(
  to: { readonly host: string; readonly port: number } | { readonly path: string },
  timeoutMs: number,
): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect(to);
    const end = (answer: Answer): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end(bad(`no connection within ${timeoutMs} ms`)), timeoutMs);
    socket.on("connect", () => end(good));
    socket.on("error", (error) => end(bad(errnoOf(error) ?? messageOf(error))));
  });
}
