import { builtProgram } from "../../host/built-program.ts";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Client } from "../connection/types.ts";
import type { Absence } from "../pm2/absent.ts";
import { serversIn } from "../config/serve.ts";
import { xmError } from "../../contract/errors.ts";
import type { Place } from "./apps.ts";
import { start } from "./start.ts";
import type { Proc, Profiled, ProfileType, ServeOptions, Target } from "./types.ts";

/** PM2's default; ms. */
const usualMs = 10_000;

/** Profiles the daemon and writes what came of it. */
export async function profile(
  client: Client,
  options: { type: ProfileType; time: number | undefined; cwd: string },
): Promise<Profiled> {
  const { type, time: durationMs = usualMs, cwd } = options;
  if (type !== "cpu" && type !== "mem") {
    const faults = [`type: expected "cpu" or "mem", got ${JSON.stringify(type)}`];
    throw xmError("ERR_INPUT_INVALID", { faults });
  }
  const kind = type === "cpu" ? "cpu" : "memory";
  const content = await client.profile({ kind, durationMs });
  const at = new Date().toISOString().slice(0, 23).replaceAll(":", "-");
  const file = resolve(cwd, `god-${at}.${type === "cpu" ? "cpuprofile" : "heapprofile"}`);
  writeFileSync(file, JSON.stringify(content));
  return { file };
}

/** Starts a file server. */
export async function serve(
  client: Client,
  call: {
    path?: string | undefined;
    port?: number | undefined;
    options?: ServeOptions | undefined;
  },
  place: Place,
): Promise<Proc[]> {
  const { path = ".", port, options: { name, ...others } = {} } = call;
  const { basic_auth_username: username, basic_auth_password: password, ...flags } = others;
  const hasLogin = username !== undefined || password !== undefined;
  const folder = resolve(place.cwd, path);
  const servers = serversIn(
    [
      {
        ...flags,
        cwd: folder,
        path: folder,
        ...(port === undefined ? {} : { port }),
        ...(name === undefined ? {} : { name }),
        ...(hasLogin ? { basic_auth: { username, password } } : {}),
      },
    ],
    "the call of serve()",
  );
  return start(client, servers, {}, place);
}

/**
 * Prints the table of a home's processes: the command line does, which has it.
 * @throws `ERR_COMMAND_FAILED`
 */
export async function printTable(home: string): Promise<void> {
  const child = spawn(process.execPath, [builtProgram("xm.cjs"), "ls"], {
    env: { ...process.env, XM_HOME: home },
    stdio: ["ignore", "pipe", "inherit"],
  });
  // Through this program's own `write`, which it may have replaced.
  child.stdout.setEncoding("utf8").on("data", (text: string) => process.stdout.write(text));
  const code = await new Promise<number | null>((ended, failed) => {
    child.on("error", failed);
    child.on("close", ended);
  });
  if (code === 0) return;
  const failures = [`xm ls ended with ${code}`];
  throw xmError("ERR_COMMAND_FAILED", { command: "speedList", failures });
}

/**
 * Follows logs as the command line does, which has the form of its lines.
 * @returns ends it.
 */
export function showLogs(
  home: string,
  what: {
    readonly target: Target;
    readonly lines: number;
    readonly raw: boolean;
    readonly timestamp: string | boolean;
    readonly exclusive: string | false;
  },
): () => void {
  const { target, lines, raw, timestamp, exclusive } = what;
  const words = ["logs", String(target), `--lines=${lines}`];
  if (raw) words.push("--raw");
  if (timestamp !== false) words.push("--timestamp", ...(timestamp === true ? [] : [timestamp]));
  if (exclusive !== false) words.push(exclusive === "out" ? "--out" : "--err");
  const child = spawn(process.execPath, [builtProgram("xm.cjs"), ...words], {
    env: { ...process.env, XM_HOME: home },
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => process.stdout.write(text));
  const end = (): void => {
    child.kill();
  };
  process.once("exit", end);
  child.once("exit", () => process.removeListener("exit", end));
  return end;
}

/** @throws `ERR_COMMAND_ABSENT`, with what to do instead. */
export function refuse(name: string, { what, fix }: Absence): never {
  throw xmError("ERR_COMMAND_ABSENT", { what: `${name}(): ${what}`, fix });
}
