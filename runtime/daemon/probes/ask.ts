import { spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import type { AppSpec, Check, LogPaths } from "../../../machines/spec.ts";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { resolveIdentity } from "../../host/users.ts";
import { readLogs, type LogPlaces } from "./log-lines.ts";
import type { Answer, Ask } from "./run.ts";

/** Of whom it is asked. */
export interface Asked {
  readonly spec: AppSpec;
  readonly instance: number;
  readonly logs: LogPaths;
  /** Where this life's part of each log begins; bytes. */
  readonly begin: LogPlaces;
  /** How often its event loop has said that it turns. */
  readonly beats: () => number;
}

/** What is read of an answer. */
const mostBytes = 10 * 1024;

const good: Answer = { isGood: true };
const bad = (why: string): Answer => ({ isGood: false, why });

/** How a check is asked. */
export function askerOf(check: Check, asked: Asked): Ask {
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
        return Promise.resolve(turns ? good : bad("its event loop does not turn"));
      };
    }
  }
}

/** A number, or what is wrong with the variable that should hold it. */
function portOf(port: number | string, { spec, instance }: Asked): number | string {
  if (typeof port === "number") return port;
  const name = port.slice(1);
  const first = Number(spec.env[name]);
  const own = spec.incrementVariable === name ? first + instance : first;
  const isPort = Number.isInteger(own) && own > 0 && own < 65_536;
  return isPort ? own : `the variable ${name} holds no port`;
}

function askHttp(
  check: Extract<Check, { kind: "http" }>,
  { signal, timeoutMs, port }: { signal: AbortSignal; timeoutMs: number; port: number | string },
): Promise<Answer> {
  if (typeof port === "string") return Promise.resolve(bad(port));
  const { host, path, headers, least, most } = check;
  const hasHost = Object.keys(headers).some((name) => name.toLowerCase() === "host");
  const given = Object.entries(hasHost ? headers : { Host: `${host}:${port}`, ...headers });
  const head = given.map(([name, value]) => `${name}: ${value}\r\n`).join("");
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
        const status = isOver ? null : statusIn(said);
        if (status !== null)
          answer(status >= least && status <= most ? good : bad(`HTTP ${status}`));
        if (said.length > mostBytes) end();
      });
      socket.on("end", end);
      socket.on("close", end);
      socket.write(`GET ${path} HTTP/1.1\r\n${head}Connection: close\r\n\r\n`);
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

/** The status of an answer, without those that only announce one; `null` when it is not there yet, 0 for no HTTP. */
function statusIn(said: string): number | null {
  let rest = said;
  for (;;) {
    if (!rest.includes("\r\n")) return null;
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(rest)?.[1] ?? 0);
    if (status < 100 || status > 199) return status;
    const end = rest.indexOf("\r\n\r\n");
    if (end === -1) return null;
    rest = rest.slice(end + 4);
  }
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

/** Runs in the app's folder, with its variables and as its user, in a group of its own that ends with the question. */
function askCommand(
  command: string,
  { cwd, env, uid, gid }: AppSpec,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Answer> {
  const identity = resolveIdentity(uid, gid);
  if (typeof identity === "string") return Promise.resolve(bad(identity));
  return new Promise((resolve) => {
    const options = { cwd, env, ...identity, detached: true, stdio: "ignore" as const };
    const child = spawn("/bin/sh", ["-c", command], options);
    const kill = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch (error) {
        if (errnoOf(error) !== "ESRCH") throw error;
      }
    };
    const end = (answer: Answer): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", kill);
      kill();
      resolve(answer);
    };
    const timer = setTimeout(() => end(bad(`no end within ${timeoutMs} ms`)), timeoutMs);
    signal.addEventListener("abort", kill);
    child.on("error", (error) => end(bad(messageOf(error))));
    child.on("exit", (code, by) => {
      end(code === 0 ? good : bad(code === null ? `ended by ${by}` : `exit code ${code}`));
    });
  });
}
