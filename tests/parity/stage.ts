import { spawn } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { until } from "../support/condition.ts";
import { cleanUp } from "./clean-up.ts";
import type { Facts } from "./compare.ts";
import type { Manager } from "./manager.ts";
import { normalise } from "./normalise.ts";

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process as `jlist` shows it. */
export interface Listed {
  readonly pid: number;
  readonly name: string;
  readonly pm_id: number;
  readonly monit: { readonly memory: number; readonly cpu: number };
  readonly pm2_env: Readonly<Record<string, unknown>> & { readonly status: string };
}

/** A line that a fixture program wrote of itself. */
export interface Told {
  readonly what: string;
  readonly app: string;
  readonly id: string;
  readonly pid: number;
  readonly value?: unknown;
}

export interface CallOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly cwd?: string;
}

/** A home of its own for one scenario under one manager, and the folder in which its commands run. */
export interface Stage {
  readonly manager: Manager["name"];
  readonly folder: string;
  readonly home: string;
  /** Runs the manager's command; never throws for an exit code. */
  readonly call: (args: readonly string[], options?: CallOptions) => Promise<Ran>;
  readonly run: (...args: string[]) => Promise<Ran>;
  /** Runs it and throws unless it ends with 0. */
  readonly ok: (...args: string[]) => Promise<string>;
  /** Runs it and keeps its exit code as a fact of the command's own words. */
  readonly code: (...args: string[]) => Promise<void>;
  /** Runs another program of Node in the folder, in the same environment. */
  readonly node: (args: readonly string[], options?: CallOptions) => Promise<Ran>;
  /** Starts a command that continues, such as `logs`, and gives what it has said so far. */
  readonly follow: (...args: string[]) => { said: () => string; end: () => Promise<number | null> };
  /** Keeps a fact; paths, pids and the like are made the same for both. */
  readonly see: (name: string, value: unknown) => void;
  /** Writes a file of the folder and gives its path. An object becomes JSON. */
  readonly write: (name: string, content: string | object) => string;
  /** Writes apps to `apps.json` and starts them; throws unless that ends with 0. */
  readonly start: (apps: object | readonly object[], ...flags: string[]) => Promise<void>;
  readonly list: () => Promise<Listed[]>;
  /** The only process, or the first of a name. */
  readonly one: (name?: string) => Promise<Listed>;
  /** Polls `jlist` until it is as wanted. */
  readonly untilList: (what: string, test: (list: Listed[]) => boolean) => Promise<Listed[]>;
  /** Waits until the only process, or the first of a name, has this status. */
  readonly untilStatus: (status: string, name?: string) => Promise<Listed>;
  /** What the fixture programs told of themselves, in order. */
  readonly told: (what?: string) => Told[];
  readonly untilTold: (what: string, count?: number) => Promise<Told[]>;
  /** The content of a file of the folder; empty when it is not there. */
  readonly read: (path: string) => string;
  /** The content of a log file of the home. */
  readonly log: (name: string) => string;
  readonly untilLog: (name: string, text: string) => Promise<string>;
  readonly has: (path: string) => boolean;
  /** The latest calls, for a failure's message. */
  readonly record: () => string;
}

/** No call of a scenario takes longer by itself; ms. */
const callWithinMs = 45_000;

const fixtures = join(import.meta.dirname, "../fixtures/parity");

/** Opens a stage; `close` ends whatever runs in it and fails if Ex Machina left a process. */
export function openStage(manager: Manager): {
  stage: Stage;
  facts: () => Facts;
  close: () => Promise<void>;
} {
  const folder = mkdtempSync(join(tmpdir(), "xp-"));
  const home = join(folder, "h");
  const environment = {
    PATH: process.env["PATH"],
    HOME: join(folder, "user"),
    LANG: "C.UTF-8",
    NO_COLOR: "1",
    PWD: folder,
    PM2_HOME: home,
  };
  cpSync(fixtures, folder, { recursive: true });
  mkdirSync(join(folder, "node_modules"));
  mkdirSync(environment.HOME);
  symlinkSync(manager.package, join(folder, "node_modules/manager"));
  const facts: Record<string, unknown> = {};
  const calls: string[] = [];
  const at = (path: string): string => (path.startsWith("/") ? path : join(folder, path));

  const begin = (args: readonly string[], { env, input, cwd }: CallOptions = {}) => {
    const child = spawn(process.execPath, args, {
      cwd: cwd ?? folder,
      env: { ...environment, ...env },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      // One that hangs says so as its exit code, `null`.
      timeout: callWithinMs,
    });
    child.stdin?.end(input);
    const said = { stdout: "", stderr: "" };
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
      // A daemon that was born by the call could keep the pipes open.
      child.on("exit", (code) => setTimeout(resolve, 2_000, code).unref());
    });
    return { child, said, ended };
  };
  const node: Stage["node"] = async (args, options) => {
    const { said, ended } = begin(args, options);
    const code = await ended;
    const shown = args.map((each) => (each === manager.program ? manager.name : each)).join(" ");
    calls.push(
      `$ ${shown} → ${code}\n${shown.endsWith("jlist") ? "" : tail(said.stdout)}${tail(said.stderr)}`,
    );
    return { code, ...said };
  };
  const call: Stage["call"] = (args, options) => node([manager.program, ...args], options);

  const stage: Stage = {
    manager: manager.name,
    folder,
    home,
    node,
    call,
    run: (...args) => call(args),
    ok: async (...args) => {
      const ran = await call(args);
      if (ran.code !== 0) throw new Error(`${args.join(" ")} ended with ${ran.code}`);
      return ran.stdout;
    },
    code: async (...args) => stage.see(`exit code of ${args.join(" ")}`, (await call(args)).code),
    follow: (...args) => {
      const { child, said, ended } = begin([manager.program, ...args]);
      return {
        said: () => said.stdout,
        end: () => {
          child.kill("SIGINT");
          return ended;
        },
      };
    },
    see: (name, value) => {
      if (name in facts) throw new Error(`the fact "${name}" is seen twice`);
      facts[name] = normalise(value, { folder, home });
    },
    write: (name, content) => {
      mkdirSync(dirname(at(name)), { recursive: true });
      writeFileSync(at(name), typeof content === "string" ? content : JSON.stringify(content), {
        mode: 0o755,
      });
      return at(name);
    },
    start: async (apps, ...flags) => {
      await stage.ok("start", stage.write("apps.json", apps), ...flags);
    },
    list: async () => listIn((await call(["jlist"])).stdout),
    one: async (name) => pick(await stage.list(), name),
    untilList: (what, test) =>
      until(what, async () => {
        const list = await stage.list();
        return test(list) && list;
      }),
    untilStatus: async (status, name) =>
      pick(
        await stage.untilList(`${name ?? "the process"} to be ${status}`, (list) =>
          list.some((each) => each.pm2_env.status === status && (name ?? each.name) === each.name),
        ),
        name,
      ),
    told: (what) =>
      stage
        .read("told.ndjson")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Told)
        .filter((each) => what === undefined || each.what === what),
    untilTold: (what, count = 1) =>
      until(
        `${what} × ${count}`,
        () => {
          const told = stage.told(what);
          return told.length >= count && told;
        },
        { saw: () => stage.told() },
      ),
    read: (path) => (existsSync(at(path)) ? readFileSync(at(path), "utf8") : ""),
    log: (name) => stage.read(join(home, "logs", name)),
    untilLog: (name, text) =>
      until(`"${text}" in ${name}`, () => stage.log(name).includes(text) && stage.log(name), {
        saw: () => stage.log(name),
      }),
    has: (path) => existsSync(at(path)),
    record: () => calls.slice(-8).join("\n"),
  };
  return {
    stage,
    facts: () => facts,
    close: async () => {
      await call(["kill"]);
      const left = await cleanUp({ home, folder });
      if (process.env["PARITY_KEEP"] === undefined)
        rmSync(folder, { recursive: true, force: true });
      else appendFileSync(join(folder, "calls"), stage.record());
      if (manager.name === "xm" && left.length > 0) {
        throw new Error(`processes are left: ${left.join(", ")}`);
      }
    },
  };
}

/** PM2 may put other lines around its JSON. */
function listIn(stdout: string): Listed[] {
  const line = stdout.split("\n").find((each) => /^\[(\{|\])/.test(each));
  if (line === undefined) throw new Error(`no list in ${JSON.stringify(stdout)}`);
  return JSON.parse(line) as Listed[];
}

function pick(list: readonly Listed[], name?: string): Listed {
  const found = list.find((each) => name === undefined || each.name === name);
  if (found === undefined) throw new Error(`no process ${name ?? "at all"}`);
  return found;
}

function tail(text: string): string {
  return text.length > 600 ? `…${text.slice(-600)}\n` : text;
}
