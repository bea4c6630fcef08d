import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import type { HookRun, HookSpec } from "../../../machines/hooks.ts";
import { duration } from "../../../machines/lib/words.ts";
import type { HookInput } from "../../../machines/process-events.ts";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { confined } from "../../host/confine.ts";
import { namesIn, removeIfThere } from "../../host/files.ts";
import { isAlive, readEnvironVariable, readProcess } from "../../host/procfs.ts";
import { withUmask } from "../../host/umask.ts";
import { resolveIdentity } from "../../host/users.ts";
import { lifeMarker } from "../children/life.ts";
import type { SourceDependencies } from "../children/sources.ts";
import { findTree, sharedScan, signalTree, type KernelIdentity } from "../children/tree.ts";
import { Capture } from "./capture.ts";
import { hookEnvironment, runVariable } from "./environment.ts";
import { openSinks, type Sinks } from "./sinks.ts";

/*
 * One run of a hook: in a session of its own, as the app's user, in its folder and under its limits. A shell in front of it
 * writes its own pid and then the exit code into a file, which the next daemon reads if this one dies meanwhile; its
 * output goes to files for the same reason. What a run has started and left is killed when it ends, as systemd does.
 */

export interface RunningHook {
  /** Nobody waits for it any more: it is killed with all that it has started. */
  end(): void;
  /** This daemon leaves, and the next one continues. */
  release(): void;
}

interface Around extends Pick<SourceDependencies, "home" | "hooks" | "services" | "now" | "log"> {
  readonly input: HookInput;
  readonly hook: HookSpec;
  /** `why`: what went wrong, in words. */
  readonly ended: (code: number | null, why: string | null) => void;
}

const inFront = 'echo $$ >&3; "$@" 3>&-; code=$?; echo $code >&3; exit $code';

/** Between two looks at a run; ms. */
const shortestLookMs = 2;
const longestLookMs = 50;
/** What SIGKILL does not end within this is in the kernel's hands; ms. */
const killsWithinMs = 2_000;
/** No run takes longer: its files are left by a daemon that died. ms. */
const oldMs = 25 * 86_400_000;

/** @returns `undefined` when it has not been started; `ended` gets the reason. */
export function startHook(run: string, around: Around): RunningHook | undefined {
  const { hooks, home, input, hook, ended } = around;
  const { spec, id, name } = input;
  let opened: Opened | undefined;
  try {
    const identity = resolveIdentity(spec.uid, spec.gid);
    if (typeof identity === "string") throw new Error(identity);
    makeFolder(hooks);
    opened = open(run, around, false);
    const { command } = hook;
    const words = typeof command === "string" ? ["/bin/sh", "-c", command] : command;
    const program = {
      command: "/bin/sh",
      args: ["-c", inFront, name, ...words],
      env: {
        ...hookEnvironment(input, home, run),
        [runVariable]: lifeMarker({ home, id, lifeId: run }),
      },
    };
    // A hook has no part in the app's own /tmp, as a probe has none.
    const { privateTmp: _, ...rest } = spec.confinement ?? {};
    const {
      command: first,
      args,
      ...rights
    } = confined(spec.confinement && rest, identity, program, [home, spec.cwd]);
    const { out, error, result } = opened;
    const child = withUmask(spec.umask, () =>
      spawn(first, args, {
        cwd: spec.cwd,
        detached: true,
        stdio: ["ignore", out.descriptor, error.descriptor, result],
        ...rights,
      }),
    );
    closeSync(result);
    const { pid } = child;
    if (pid === undefined) {
      const { out: o, error: e } = opened;
      child.once("error", (fault) => {
        o.finish(name);
        e.finish(name);
        removeIfThere(resultFile(hooks, run));
        ended(null, messageOf(fault));
      });
      return undefined;
    }
    const startTicks = readProcess(pid)?.startTicks ?? 0;
    return new Run({ run, around, opened, identity: { pid, startTicks }, child });
  } catch (error) {
    opened?.out.finish(name);
    opened?.error.finish(name);
    removeIfThere(resultFile(hooks, run));
    ended(null, messageOf(error));
    return undefined;
  }
}

/**
 * Continues a run that a former daemon has begun.
 * @returns `undefined` when that daemon died before it could start it.
 */
export function adoptHook(known: HookRun, around: Around): RunningHook | undefined {
  const { hooks, home, input } = around;
  const { run } = known;
  const { pid } = resultOf(hooks, run);
  if (pid === undefined) return undefined;
  const mark = lifeMarker({ home, id: input.id, lifeId: run });
  const isIts = readEnvironVariable(pid, runVariable) === mark;
  const stat = isIts ? readProcess(pid) : undefined;
  // Of one that has ended only what bears its mark is left, whoever has its pid now.
  const identity = { pid: stat === undefined ? -1 : pid, startTicks: stat?.startTicks ?? 0 };
  try {
    const opened = open(run, around, true);
    closeSync(opened.result);
    return new Run({ run, around, opened, identity, since: known.at });
  } catch (error) {
    setImmediate(() => around.ended(null, messageOf(error)));
    return { end: () => {}, release: () => {} };
  }
}

interface Opened {
  readonly out: Capture;
  readonly error: Capture;
  readonly result: number;
  readonly sinks: Sinks;
}

function open(run: string, { hooks, input, home, services }: Around, isAdopted: boolean): Opened {
  const sinks = openSinks(input, { home, lane: services.lane });
  const file = (stream: string): string => join(hooks, `${run}.${stream}`);
  const out = new Capture(file("out"), sinks.out, isAdopted);
  const error = new Capture(file("err"), sinks.error, isAdopted);
  const result = openSync(resultFile(hooks, run), "a", 0o600);
  return { out, error, result, sinks };
}

class Run implements RunningHook {
  readonly #identity: KernelIdentity;
  readonly #around: Around;
  readonly #opened: Opened;
  readonly #run: string;
  readonly #deadline: number;
  readonly #child: ChildProcess | undefined;
  #hasEnded = false;
  #isLate = false;
  #isUnwanted = false;
  #isFinished = false;
  #killBy: number | undefined;
  #lookMs = shortestLookMs;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    run: string;
    around: Around;
    opened: Opened;
    identity: KernelIdentity;
    child?: ChildProcess;
    since?: number;
  }) {
    const { around, child, since } = options;
    this.#run = options.run;
    this.#around = around;
    this.#opened = options.opened;
    this.#identity = options.identity;
    this.#child = child;
    const { timeoutMs } = around.hook;
    const usedMs = since === undefined ? 0 : Math.max(0, around.now() - since);
    this.#deadline = performance.now() + Math.max(0, timeoutMs - usedMs);
    child?.once("exit", () => {
      this.#hasEnded = true;
      this.#look();
    });
    this.#timer = setTimeout(() => this.#look(), shortestLookMs);
  }

  end(): void {
    this.#isUnwanted = true;
    this.#look();
  }

  release(): void {
    // One that is being killed is killed.
    if (this.#isUnwanted || this.#isFinished) return;
    this.#close();
    this.#opened.out.close();
    this.#opened.error.close();
  }

  #close(): void {
    this.#isFinished = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#child?.removeAllListeners("exit");
    this.#child?.unref();
    this.#opened.sinks.close();
  }

  #look(): void {
    if (this.#isFinished) return;
    try {
      this.#lookOnce();
    } catch (error) {
      // A disk or a kernel that refuses fails the hook, and never the daemon.
      this.#close();
      if (!this.#isUnwanted) this.#around.ended(null, messageOf(error));
    }
  }

  #lookOnce(): void {
    clearTimeout(this.#timer);
    this.#opened.out.copy();
    this.#opened.error.copy();
    if (this.#child === undefined && !isAlive(this.#identity)) this.#hasEnded = true;
    if (!this.#hasEnded && performance.now() >= this.#deadline) this.#isLate = true;
    if (this.#hasEnded || this.#isLate || this.#isUnwanted) {
      const left = this.#left();
      this.#killBy ??= performance.now() + killsWithinMs;
      if (left.length === 0 || performance.now() > this.#killBy) return this.#finish();
      signalTree(this.#identity, left, "SIGKILL");
      this.#lookMs = Math.min(this.#lookMs, shortestLookMs * 4);
    }
    this.#timer = setTimeout(() => this.#look(), this.#lookMs);
    this.#lookMs = Math.min(this.#lookMs * 2, longestLookMs);
  }

  #left(): ReturnType<typeof findTree> {
    const { home, input } = this.#around;
    const mark = lifeMarker({ home, id: input.id, lifeId: this.#run });
    const scan = sharedScan(this.#hasEnded ? this.#identity : undefined);
    return findTree(this.#identity, [mark], scan, runVariable);
  }

  #finish(): void {
    const { hooks, hook, input, ended } = this.#around;
    const { out, error } = this.#opened;
    const { code } = resultOf(hooks, this.#run);
    out.finish(input.name);
    error.finish(input.name);
    const line = error.lastLine() ?? out.lastLine();
    this.#close();
    removeIfThere(resultFile(hooks, this.#run));
    if (this.#isUnwanted) return;
    const said = line === null ? "" : `: ${line}`;
    if (this.#isLate) return ended(null, `no end within ${duration(hook.timeoutMs)}${said}`);
    if (code === undefined) return ended(null, `it was killed${said}`);
    ended(code, code === 0 ? null : `exit code ${code}${signalWord(code)}${said}`);
  }
}

/** A shell tells of an end by a signal so. */
function signalWord(code: number): string {
  const [name] = Object.entries(constants.signals).find(([, each]) => each === code - 128) ?? [];
  return name === undefined ? "" : ` (${name})`;
}

const resultFile = (hooks: string, run: string): string => join(hooks, `${run}.result`);

/** What the shell in front of a run has written. */
function resultOf(hooks: string, run: string): { pid?: number; code?: number } {
  let text: string;
  try {
    text = readFileSync(resultFile(hooks, run), "latin1");
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return {};
  }
  const [, pid, code] = /^(\d{1,10})\n(?:(\d{1,3})\n)?/.exec(text) ?? [];
  return {
    ...(pid === undefined ? {} : { pid: Number(pid) }),
    ...(code === undefined ? {} : { code: Number(code) }),
  };
}

/** Made with the first run, when files that were left long ago go, too. */
function makeFolder(hooks: string): void {
  if (made.has(hooks)) return;
  mkdirSync(hooks, { recursive: true, mode: 0o700 });
  made.add(hooks);
  for (const name of namesIn(hooks)) {
    const path = join(hooks, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > oldMs) removeIfThere(path);
  }
}

const made = new Set<string>();
