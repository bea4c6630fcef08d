import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../../../runtime/client/connection/client.ts";
import type { ProcessView } from "../../../runtime/client/connection/types.ts";
import { homePaths, type HomePaths } from "../../../runtime/host/home/paths.ts";
import { until } from "../../support/condition.ts";
import { isThere, processesOf, xmFile } from "../../support/home.ts";

/** A process of the home that carries the mark of a life. */
export interface Marked {
  readonly pid: number;
  readonly id: number;
  readonly life: string;
}

/** One home, the script that is played over it, and what is killed in it. */
export interface World {
  readonly paths: HomePaths;
  readonly folder: string;
  /** The variables of every call; what is put in here later goes to later calls. */
  readonly env: Record<string, string>;
  readonly xm: (
    args: readonly string[],
    node?: string,
  ) => Promise<{ code: number | null; output: string }>;
  readonly put: (name: string, text: string) => string;
  readonly list: () => Promise<readonly ProcessView[]>;
  readonly godPid: () => number;
  /** Everything that runs as a part of an app, descendants included. */
  readonly marked: () => Marked[];
  /** Processes of the home by what their command line says. */
  readonly named: (pattern: RegExp) => number[];
}

export function createWorld(inFolder = tmpdir()): World {
  const folder = mkdtempSync(join(inFolder, "xm-chaos-"));
  const paths = homePaths(join(folder, "h"));
  const client = connect({ home: paths.home });
  const env: Record<string, string> = {};
  return {
    paths,
    folder,
    env,
    xm: (args, node = process.execPath) => {
      const child = spawn(node, [xmFile, ...args], {
        cwd: folder,
        env: { ...process.env, XM_HOME: paths.home, NO_COLOR: "1", ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      child.stdout.on("data", (data) => (output += String(data)));
      child.stderr.on("data", (data) => (output += String(data)));
      return new Promise((resolve) => {
        child.on("close", (code) => resolve({ code, output }));
      });
    },
    put: (name, text) => {
      const path = join(folder, name);
      writeFileSync(path, text, { mode: 0o755 });
      return path;
    },
    list: () => until("the daemon to answer", () => client.list(), { withinMs: 60_000 }),
    godPid: () => {
      try {
        return Number(readFileSync(paths.pidFile, "utf8"));
      } catch {
        return 0;
      }
    },
    marked: () =>
      processesOf(paths.home).flatMap(({ pid }) => {
        const mark = markOf(pid);
        return mark === undefined || !isThere(pid) ? [] : [{ pid, ...mark }];
      }),
    named: (pattern) =>
      processesOf(paths.home)
        .filter(({ command }) => pattern.test(command))
        .map(({ pid }) => pid),
  };
}

/** What the environment of a process says that it belongs to. */
function markOf(pid: number): Omit<Marked, "pid"> | undefined {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    const mark = environment
      .find((each) => each.startsWith("XM_LIFE="))
      ?.slice(8)
      .split(":");
    return mark?.[2] === undefined ? undefined : { id: Number(mark[1]), life: mark[2] };
  } catch {
    return undefined;
  }
}

/** SIGKILL, unless it has gone already. */
export function kill(pid: number): void {
  if (pid <= 1) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

export interface Random {
  /** From 0 to 1. */
  readonly number: () => number;
  readonly oneOf: <T>(all: readonly T[]) => T;
}

/** Repeatable, and good enough to choose instants (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed;
  const number = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { number, oneOf: <T>(all: readonly T[]) => all[Math.floor(number() * all.length)] as T };
}
