import { spawn } from "node:child_process";
import { connect } from "node:net";
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

/** What of a body is read: who answers more is not asked for it. */
const mostBodyBytes = 10 * 1024;

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

async function askHttp(
  check: Extract<Check, { kind: "http" }>,
  { signal, timeoutMs, port }: { signal: AbortSignal; timeoutMs: number; port: number | string },
): Promise<Answer> {
  if (typeof port === "string") return bad(port);
  const { isTls, host, path, headers, least, most } = check;
  const { request } = isTls ? await import("node:https") : await import("node:http");
  return new Promise((resolve) => {
    // No socket is kept, no redirect followed, and a certificate of its own will do: it is this machine's own program.
    const asking = request(
      { host, port, path, headers, signal, agent: false, rejectUnauthorized: false },
      (response) => {
        const { statusCode = 0 } = response;
        let bytes = 0;
        const end = (): void => {
          clearTimeout(timer);
          asking.destroy();
          const isGood = statusCode >= least && statusCode <= most;
          resolve(isGood ? good : bad(`HTTP ${statusCode}`));
        };
        response.on("data", (piece: Buffer) => {
          bytes += piece.length;
          if (bytes > mostBodyBytes) end();
        });
        response.on("end", end);
        response.on("error", end);
      },
    );
    const timer = setTimeout(() => {
      resolve(bad(`no answer within ${timeoutMs} ms`));
      asking.destroy();
    }, timeoutMs);
    asking.on("error", (error) => {
      clearTimeout(timer);
      resolve(bad(errnoOf(error) ?? messageOf(error)));
    });
    asking.end();
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
