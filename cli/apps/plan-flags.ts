import type { AppSpec } from "../../machines/spec.ts";
import type { Action, Assumption, KnownTimes } from "../../runtime/plan/index.ts";
import { parseDuration } from "../../runtime/contract/fields/units.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { fileArgs } from "../call/command.ts";

const actions = ["start", "reload", "stop"] as const satisfies readonly Action[];

export const planArgs = {
  file: {
    type: "positional",
    description: "ecosystem file, or `-` for stdin; defaults to ./ecosystem.config.*",
    required: false,
  },
  action: {
    type: "string",
    description: "What is planned: start (default), reload or stop",
    valueHint: "ACTION",
  },
  ...fileArgs,
  assume: {
    type: "string",
    description: "How an app behaves: never-ready, crash or exit:CODE; repeatable",
    valueHint: "NAME=HOW",
  },
  "boot-time": {
    type: "string",
    description: "How long an app takes until it is ready; repeatable",
    valueHint: "NAME=TIME",
  },
  "run-time": {
    type: "string",
    description: "How long a run of a job takes; repeatable",
    valueHint: "NAME=TIME",
  },
  "stop-time": {
    type: "string",
    description: "How long an app takes to exit after the stop signal; repeatable",
    valueHint: "NAME=TIME",
  },
  strict: { type: "boolean", description: "Exit with 1 for warnings too" },
  json: { type: "boolean", description: "Everything as JSON, times in ms since the start" },
} as const;

type Given = Readonly<Record<string, unknown>>;

/** What the flags of `xm plan` say. */
export interface WantedPlan {
  readonly action: Action;
  readonly lives: ReadonlyMap<string, Assumption>;
  readonly times: ReadonlyMap<string, KnownTimes>;
}

/** @throws `ERR_USAGE` that names the flag and how to fix it. */
export function readPlan(args: Given, specs: readonly AppSpec[]): WantedPlan {
  const action = actions.find((each) => each === (args["action"] ?? "start"));
  if (action === undefined) {
    throw wrong("action", `expected ${actions.join(", ")}, got ${shown(args["action"])}`, "stop");
  }
  const lives = new Map(
    pairs(args, "assume", specs, "never-ready").map(([name, how]) => [name, assumption(how)]),
  );
  const times = new Map<string, KnownTimes>();
  for (const [flag, field] of timeFlags) {
    for (const [name, text] of pairs(args, flag, specs, "3s")) {
      const ms = parseDuration(text);
      const what = `expected ms or a time such as "500ms", "10s", "1h", got ${shown(text)}`;
      if (ms === undefined) throw wrong(flag, what, `${name}=3s`);
      assertEffect(flag, specs, name);
      times.set(name, { ...times.get(name), [field]: ms });
    }
  }
  return { action, lives, times };
}

const timeFlags = [
  ["boot-time", "bootMs"],
  ["run-time", "runMs"],
  ["stop-time", "stopMs"],
] as const;

/** `api=3s,db=10s` */
function pairs(
  args: Given,
  flag: string,
  specs: readonly AppSpec[],
  example: string,
): (readonly [string, string])[] {
  const text = args[flag];
  if (typeof text !== "string") return [];
  return text.split(",").map((pair) => {
    const at = pair.lastIndexOf("=");
    const [name, value] = [pair.slice(0, Math.max(0, at)).trim(), pair.slice(at + 1).trim()];
    const first = specs[0]?.name ?? "api";
    if (name === "" || value === "")
      throw wrong(flag, `expected NAME=VALUE, got ${shown(pair)}`, `${first}=${example}`);
    if (specs.every((spec) => spec.name !== name)) {
      const names = specs.map((spec) => spec.name).join(", ");
      throw wrong(flag, `no app "${name}" in the plan; it has ${names}`, `${first}=${example}`);
    }
    return [name, value] as const;
  });
}

function assumption(how: string): Assumption {
  const code = /^exit:(\d{1,3})$/.exec(how)?.[1];
  if (code !== undefined && Number(code) <= 255) return { kind: "exit", code: Number(code) };
  if (how === "never-ready" || how === "crash") return { kind: how };
  throw wrong("assume", `expected never-ready, crash or exit:CODE, got ${shown(how)}`, "api=crash");
}

function assertEffect(flag: string, specs: readonly AppSpec[], name: string): void {
  const meant = specs.filter((spec) => spec.name === name);
  const isJob = meant.some(({ policy }) => policy.restart.job !== undefined);
  const boots = meant.some(saysReady);
  if (flag === "boot-time" && !boots) {
    throw xmError("ERR_USAGE", {
      what: `--boot-time: ${name} is online as soon as it runs, so the flag has no effect`,
      fix: "declare `ready`, `wait_ready` or a probe for an app that reports when it is ready",
    });
  }
  if (flag === "run-time" && !isJob) {
    throw xmError("ERR_USAGE", {
      what: `--run-time: ${name} is no job, so the flag has no effect`,
      fix: 'declare `type: "oneshot"` for a program that does its work and exits',
    });
  }
}

/** Whether anything of an app's plan depends on when it is ready. */
export function saysReady({ policy }: AppSpec): boolean {
  return policy.readiness !== "spawned" || policy.probes !== null;
}

function shown(value: unknown): string {
  return JSON.stringify(value);
}

function wrong(flag: string, fault: string, example: string): Error {
  return xmError("ERR_USAGE", {
    what: `--${flag}: ${fault}`,
    fix: `for example \`--${flag} ${example}\``,
  });
}
