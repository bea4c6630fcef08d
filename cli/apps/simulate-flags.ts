import { constants } from "node:os";
import type { ArgsDef } from "citty";
import { hookNames, type HookName } from "../../machines/hooks.ts";
import type { AppSpec } from "../../machines/spec.ts";
import { policyOf } from "../../runtime/client/config/policy.ts";
import { fieldsOfPolicy } from "../../runtime/contract/fields/policy-fields.ts";
import { readFields, type ReadApp } from "../../runtime/client/config/read-fields.ts";
import { parseDuration } from "../../runtime/contract/fields/units.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { rawAppFrom, startArgs } from "./start-flags.ts";

type Given = Readonly<Record<string, unknown>>;

/** How the program crashes; `crashing` of the simulation makes a pattern of it. */
interface Crash {
  readonly everyMs: number;
  readonly crashes: number | undefined;
  readonly code: number | undefined;
  readonly signal: string | undefined;
  readonly readyMs: number | null;
}

/** Flags of `start` that change the policy that is played, each with a value that it takes. */
const policyExamples: Readonly<Record<string, string>> = {
  "max-restarts": "10",
  "min-uptime": "5s",
  "restart-delay": "500ms",
  "exp-backoff-restart-delay": "100ms",
  restart: "on-failure",
  "restart-window": "1m",
  "stop-exit-codes": "0,3",
  "listen-timeout": "10s",
  "wait-ready": "",
};

export const simulateArgs = {
  "crash-every": {
    type: "string",
    description: "Each run exits after this time",
    valueHint: "TIME",
  },
  "crash-after": {
    type: "string",
    description: "The first run exits after this time, the next one stays up",
    valueHint: "TIME",
  },
  crashes: {
    type: "string",
    description: "Only the first N runs exit, the next one stays up",
    valueHint: "N",
  },
  "exit-code": {
    type: "string",
    description: "Exit code of the runs (default: 1)",
    valueHint: "N",
  },
  signal: { type: "string", description: "Each run is killed by this signal", valueHint: "SIGNAL" },
  "ready-after": {
    type: "string",
    description: "Each run becomes ready after this time",
    valueHint: "TIME",
  },
  "never-ready": { type: "boolean", description: "No run becomes ready" },
  "failing-hook": {
    type: "string",
    description: "This hook of the app fails whenever it runs (comma-separated for several)",
    valueHint: "HOOK",
  },
  for: { type: "string", description: "Time to simulate (default: 1h)", valueHint: "TIME" },
  only: { type: "string", description: "App of the file", valueHint: "NAME" },
  json: { type: "boolean", description: "Everything as JSON, times in ms since the start" },
  ...Object.fromEntries(
    Object.entries(startArgs).filter(([name]) => Object.hasOwn(policyExamples, name)),
  ),
} as const satisfies ArgsDef;

/** What the flags of `xm simulate` say. */
export interface WantedSimulation {
  readonly only: string | undefined;
  /** Puts the flags over an app's policy. */
  readonly override: (spec: AppSpec) => AppSpec;
  /** @throws `ERR_USAGE` when a flag concerns something that the app does not use. */
  readonly check: (spec: AppSpec) => {
    crash: Crash;
    forMs: number;
    failingHooks?: readonly HookName[];
  };
}

/** @throws `ERR_USAGE` that names the flag and how to fix it. */
export function readSimulation(args: Given): WantedSimulation {
  const fields = policyFields(args);
  const failingHooks = failingHooksOf(args);
  const crash = crashOf(args);
  const forMs = time(args, "for", "1h") ?? 3_600_000;
  if (forMs === 0) throw wrong("for", "expected a time longer than 0", "1h");
  const waits = ["ready-after", "never-ready"].find((flag) => isGiven(args, flag));
  return {
    only: args["only"] as string | undefined,
    override: (spec) => overridden(spec, fields),
    check: ({ policy, name, hooks = {} }) => {
      const undeclared = failingHooks.find((hook) => hooks[hook] === undefined);
      if (undeclared !== undefined)
        throw xmError("ERR_USAGE", {
          what: `--failing-hook: ${name} has no ${undeclared} hook`,
          fix: "name a hook that is declared in its `hooks`",
        });
      const hooked = failingHooks.length === 0 ? {} : { failingHooks };
      if (waits === undefined || policy.readiness !== "spawned") return { crash, forMs, ...hooked };
      throw xmError("ERR_USAGE", {
        what: `--${waits}: ${name} is online as soon as it runs, so the flag has no effect`,
        fix: "add `--wait-ready` to simulate an app that reports when it is ready",
      });
    },
  };
}

/** The fields that the policy's flags set, each read as `start` reads it. */
function policyFields(args: Given): ReadApp {
  let fields: ReadApp = {};
  for (const [flag, example] of Object.entries(policyExamples)) {
    if (args[flag] === undefined) continue;
    const { app, faults } = readFields(rawAppFrom({ [flag]: args[flag] }), "");
    const [fault] = faults;
    if (fault !== undefined) throw wrong(flag, fault.slice(fault.indexOf(":") + 2), example);
    fields = { ...fields, ...app };
  }
  return fields;
}

/** The spec already contains defaults changed by environment variables: none is read here. */
function overridden(spec: AppSpec, fields: ReadApp): AppSpec {
  const { ready, ...others } = readFields(fieldsOfPolicy(spec), spec.name).app;
  const isAsked = fields["wait_ready"] === true;
  const own = isAsked || ready === undefined ? others : { ...others, ready };
  const app = { ...own, ...fields };
  const { restart, readiness, probe, listenTimeoutMs } = policyOf(app, {
    caller: {},
    mode: spec.mode,
  });
  return { ...spec, policy: { ...spec.policy, restart, readiness, probe, listenTimeoutMs } };
}

function crashOf(args: Given): Crash {
  const every = time(args, "crash-every", "500ms");
  const after = time(args, "crash-after", "10s");
  const crashes = count(args, "crashes", { most: Number.MAX_SAFE_INTEGER, example: "3" });
  const code = count(args, "exit-code", { most: 255, example: "1" });
  const signal = args["signal"] as string | undefined;
  const ready = time(args, "ready-after", "2s");
  refuseBoth(args, "crash-every", "crash-after");
  refuseBoth(args, "exit-code", "signal");
  refuseBoth(args, "ready-after", "never-ready");
  if (signal !== undefined && !Object.hasOwn(constants.signals, signal)) {
    throw wrong("signal", `expected a signal, got ${JSON.stringify(signal)}`, "SIGSEGV");
  }
  const readyMs = args["never-ready"] === true ? null : (ready ?? 0);
  const everyMs = every ?? after;
  if (everyMs !== undefined) {
    return {
      everyMs,
      crashes: crashes ?? (after === undefined ? undefined : 1),
      code,
      signal,
      readyMs,
    };
  }
  const alone = ["crashes", "exit-code", "signal"].find((flag) => isGiven(args, flag));
  const isAboutReadiness = ready !== undefined || readyMs === null;
  if (alone === undefined && (isAboutReadiness || isGiven(args, "failing-hook"))) {
    return { everyMs: 0, crashes: 0, code, signal, readyMs };
  }
  throw xmError("ERR_USAGE", {
    what: `${alone === undefined ? "" : `--${alone}: `}no flag sets when the program crashes`,
    fix: "add `--crash-every 500ms`, or `--crash-after 10s` for one crash",
  });
}

function failingHooksOf(args: Given): HookName[] {
  if (!isGiven(args, "failing-hook")) return [];
  const names = String(args["failing-hook"]).split(",");
  const isHook = (name: string): name is HookName => hookNames.some((hook) => hook === name);
  if (names.every(isHook)) return names;
  throw wrong("failing-hook", `expected ${hookNames.join(", ")}`, "pre_start");
}

function refuseBoth(args: Given, one: string, other: string): void {
  if (!isGiven(args, one) || !isGiven(args, other)) return;
  throw xmError("ERR_USAGE", {
    what: `--${one} and --${other} contradict each other`,
    fix: "omit one of them",
  });
}

/** `--no-never-ready` is not given. */
function isGiven(args: Given, flag: string): boolean {
  return args[flag] !== undefined && args[flag] !== false;
}

function time(args: Given, flag: string, example: string): number | undefined {
  const value = args[flag];
  if (value === undefined) return undefined;
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  throw wrong(
    flag,
    `expected ms or a time such as "500ms", "10s", "1h", got ${JSON.stringify(value)}`,
    example,
  );
}

function count(
  args: Given,
  flag: string,
  { most, example }: { most: number; example: string },
): number | undefined {
  const value = args[flag];
  if (value === undefined) return undefined;
  if (typeof value === "string" && /^\d+$/.test(value) && Number(value) <= most) {
    return Number(value);
  }
  const range = most === Number.MAX_SAFE_INTEGER ? "of at least 0" : `from 0 to ${most}`;
  throw wrong(flag, `expected a whole number ${range}, got ${JSON.stringify(value)}`, example);
}

function wrong(flag: string, fault: string, example: string): Error {
  return xmError("ERR_USAGE", {
    what: `--${flag}: ${fault}`,
    fix: `for example \`--${flag}${example === "" ? "" : ` ${example}`}\``,
  });
}
