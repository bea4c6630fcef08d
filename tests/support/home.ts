import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { connect } from "../../runtime/client/connection/client.ts";
import type { Client, ProcessView } from "../../runtime/client/connection/types.ts";
import { homePaths, type HomePaths } from "../../runtime/host/home/paths.ts";
import { until } from "./condition.ts";

/** The built command line. */
export const xmFile = join(import.meta.dirname, "../../dist/bin/xm.cjs");

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** A home of its own for one test, with the built command line over it. */
export interface TestHome {
  readonly paths: HomePaths;
  /** A folder for the test's programs and files. */
  readonly folder: string;
  /** Runs the built `xm`; never throws for an exit code. */
  readonly xm: (...args: string[]) => Promise<Ran>;
  /** Runs `xm` and throws with its whole output unless it succeeds. */
  readonly ok: (...args: string[]) => Promise<string>;
  readonly run: (
    args: readonly string[],
    options?: { env?: NodeJS.ProcessEnv; input?: string; cwd?: string; program?: string },
  ) => Promise<Ran>;
  /** Writes a file into the folder and gives its path. */
  readonly file: (name: string, text: string) => string;
  readonly client: () => Client;
  readonly list: () => Promise<ProcessView[]>;
  readonly process: (name: string) => Promise<ProcessView>;
  readonly godPid: () => number;
  /** The pid of a daemon that is not `before`. */
  readonly nextGod: (before: number) => Promise<number>;
  readonly log: (name: string) => string;
  readonly godLog: () => string;
}

/**
 * Makes a home; when the test ends, stops everything in it and fails if a process of it is left.
 * @param options.env goes to every call; `XM_WATCHDOG=off` keeps a killed daemon dead.
 */
export function testHome(options: { env?: NodeJS.ProcessEnv; home?: string } = {}): TestHome {
  const folder = mkdtempSync(join(tmpdir(), "xm-"));
  const paths = homePaths(options.home ?? join(folder, "h"));
  const environment = { ...cleanEnvironment(), XM_HOME: paths.home, ...options.env };

  const run: TestHome["run"] = (args, { env, input, cwd, program } = {}) => {
    const begin = performance.now();
    const child = spawn(process.execPath, [program ?? xmFile, ...args], {
      cwd: cwd ?? folder,
      env: { ...environment, ...env },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    child.stdin?.end(input);
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, stdout, stderr, ms: performance.now() - begin }));
    });
  };
  const client = (): Client => connect({ home: paths.home });
  const home: TestHome = {
    paths,
    folder,
    run,
    xm: (...args) => run(args),
    ok: async (...args) => {
      const ran = await run(args);
      if (ran.code !== 0) {
        throw new Error(
          `xm ${args.join(" ")} ended with ${ran.code}\n${ran.stdout}${ran.stderr}\n${home.godLog().slice(-2_048)}`,
        );
      }
      return ran.stdout;
    },
    file: (name, text) => {
      const path = join(folder, name);
      writeFileSync(path, text, { mode: 0o755 });
      return path;
    },
    client,
    list: () => client().list(),
    process: async (name) => {
      const found = (await client().list()).find((process) => process.name === name);
      if (found === undefined) throw new Error(`no process ${name}`);
      return found;
    },
    godPid: () => Number(readFileSync(paths.pidFile, "utf8")),
    nextGod: (before) =>
      until("the next daemon", () => {
        const pid = existsSync(paths.pidFile) ? home.godPid() : before;
        return pid !== before && isThere(pid) && existsSync(paths.socket) && pid;
      }),
    log: (name) => {
      const path = join(paths.logs, name);
      return existsSync(path) ? readFileSync(path, "utf8") : "";
    },
    godLog: () => (existsSync(paths.log) ? readFileSync(paths.log, "utf8") : ""),
  };
  onTestFinished(async ({ task }) => {
    if (task.result?.state === "fail") console.log(home.godLog().slice(-2_048));
    await run(["kill"]);
    if (processesOf(paths.home).length > 0) {
      // A test that killed the daemon leaves apps to the next one.
      await run(["ping"], { env: { XM_WATCHDOG: "off" } });
      await run(["kill"]);
    }
    try {
      await until(
        "every process of the home to be gone",
        () => processesOf(paths.home).length === 0,
        {
          withinMs: 10_000,
          saw: () => processesOf(paths.home),
        },
      );
    } finally {
      for (const { pid } of processesOf(paths.home)) process.kill(pid, "SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    }
  });
  return home;
}

/** Every process whose environment or command line names the home: daemon, watchdog, children, descendants. */
export function processesOf(home: string): { pid: number; command: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({
      pid: Number(name),
      command: readProc(name, "cmdline").replaceAll("\0", " "),
      environment: readProc(name, "environ"),
    }))
    .filter(
      ({ command, environment }) =>
        environment.split("\0").includes(`XM_HOME=${home}`) || command.includes(`(${home})`),
    )
    .map(({ pid, command }) => ({ pid, command }));
}

/** Whether a pid is a process that is not a zombie. */
export function isThere(pid: number): boolean {
  const stat = readProc(String(pid), "stat");
  return stat !== "" && !/^\d+ \(.*\) [ZX]/s.test(stat);
}

/** A process may end between its listing and its reading. */
function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const { PM2_HOME: _home, NODE_OPTIONS: _options, FORCE_COLOR: _color, ...env } = process.env;
  return { ...env, NO_COLOR: "1" };
}
