import * as v from "valibot";
import {
  processStatuses,
  type ProcessFacts,
  type ReloadFacts,
  type Rule,
} from "../../../machines/facts.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { lifeIdPattern } from "../../contract/life-id.ts";
import { clamp, longestMs, shortestHeartbeatMs, signalNames } from "../../contract/ranges.ts";

/** Version of every snapshot and journal line written here. */
export const formatVersion = 1;

/** An app as it is kept: `key` is unique among the declared apps. */
export interface DeclaredApp {
  readonly key: string;
  readonly spec: AppSpec;
}

/** A reload that has not ended; `spec` is what its replacements are made from, where it is not the app's own. */
export interface OpenReload {
  readonly reload: ReloadFacts;
  readonly spec: AppSpec | null;
}

/** What can happen to the state. `at` is in ms since the epoch; a process's facts are always whole. */
export type JournalEntry =
  | { readonly type: "app.declared"; readonly at: number; readonly app: DeclaredApp }
  | { readonly type: "app.removed"; readonly at: number; readonly key: string }
  | {
      readonly type: "process.changed";
      readonly at: number;
      /** What caused it, for example `child.spawned`. */
      readonly event: string;
      readonly facts: ProcessFacts;
    }
  | {
      readonly type: "process.removed";
      readonly at: number;
      readonly id: number;
      readonly generation: number;
    }
  | {
      readonly type: "reload.changed";
      readonly at: number;
      readonly reload: ReloadFacts;
      /** What the replacements are made from, where it is not the app's own. */
      readonly spec: AppSpec | null;
    }
  | {
      readonly type: "daemon.started" | "daemon.stopped";
      readonly at: number;
      readonly pid: number;
      readonly version: string;
    };

/** A line of the journal. `seq` grows by one from line to line, over all segments. */
export type JournalRecord = JournalEntry & { readonly v: 1; readonly seq: number };

/**
 * A number that an older daemon took and this one would not is brought into its range (`contract/ranges.ts`): an app is
 * not lost for it.
 */
function within(least: number, most: number): v.GenericSchema<number, number> {
  return v.pipe(
    v.number(),
    v.transform((value) => clamp(value, least, most)),
  );
}

/**
 * Objects are loose: a field that a newer daemon wrote outlives an older one that does not know it. Only what
 * this version needs is checked, by type; what a user may write is checked where it comes in (runtime/client/config).
 */
const at = v.number();
const ms = within(0, longestMs);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const texts = v.array(v.string());
const textOrNull = v.nullable(v.string());
const numberOrNull = v.nullable(v.number());
const idOrNameOrNull = v.nullable(v.union([v.number(), v.string()]));

const restartPolicy = v.looseObject({
  mode: v.picklist(["always", "on-failure", "on-abnormal", "never"]),
  minUptimeMs: ms,
  maxRestarts: within(0, Number.MAX_SAFE_INTEGER),
  restartWindowMs: ms,
  restartDelayMs: ms,
  backoff: v.nullable(
    v.looseObject({
      initialMs: ms,
      factor: within(1, Number.MAX_VALUE),
      maxMs: ms,
      jitter: within(0, 1),
      resetAfterMs: ms,
    }),
  ),
  stopExitCodes: v.array(v.number()),
});

const probe = v.variant("kind", [
  v.looseObject({ kind: v.literal("http"), url: v.string() }),
  v.looseObject({ kind: v.literal("tcp"), host: v.string(), port: v.number() }),
  v.looseObject({ kind: v.literal("command"), command: v.string() }),
]);

const probePort = v.union([v.number(), v.pipe(v.string(), v.regex(/^\$[A-Za-z_]\w*$/))]);
const probeSpec = v.looseObject({
  check: v.variant("kind", [
    v.looseObject({
      kind: v.literal("http"),
      isTls: v.boolean(),
      host: v.string(),
      port: probePort,
      path: v.string(),
      headers: v.record(v.string(), v.string()),
      least: v.number(),
      most: v.number(),
    }),
    v.looseObject({ kind: v.literal("tcp"), host: v.string(), port: probePort }),
    v.looseObject({ kind: v.literal("unix"), path: v.string() }),
    v.looseObject({ kind: v.literal("exec"), command: v.string() }),
    v.looseObject({
      kind: v.literal("log"),
      text: v.string(),
      stream: v.picklist(["out", "err", "both"]),
    }),
    v.looseObject({ kind: v.literal("message") }),
    v.looseObject({ kind: v.literal("heartbeat") }),
  ]),
  initialDelayMs: ms,
  periodMs: within(10, longestMs),
  timeoutMs: within(10, longestMs),
  successThreshold: v.pipe(v.number(), v.integer(), v.minValue(1)),
  failureThreshold: v.pipe(v.number(), v.integer(), v.minValue(1)),
});
const probes = v.looseObject({
  startup: v.nullable(probeSpec),
  readiness: v.nullable(probeSpec),
  liveness: v.nullable(probeSpec),
});

const appSpec: v.GenericSchema<unknown, AppSpec> = v.looseObject({
  name: v.string(),
  namespace: v.string(),
  script: v.string(),
  args: texts,
  cwd: v.string(),
  interpreter: textOrNull,
  interpreterArgs: texts,
  env: v.record(v.string(), v.string()),
  instances: count,
  mode: v.picklist(["fork", "cluster"]),
  scheduling: v.optional(v.picklist(["shared", "round-robin", "reuse-port", "sticky"]), "shared"),
  mergeLogs: v.boolean(),
  logs: v.looseObject({
    out: textOrNull,
    error: textOrNull,
    combined: v.optional(textOrNull, null),
    numbered: v.optional(v.array(v.picklist(["out", "error", "combined"])), []),
    isOff: v.optional(v.boolean(), false),
    type: v.optional(v.picklist(["plain", "json", "pairs", "labelled"]), "plain"),
    dateFormat: v.optional(textOrNull, null),
    rotation: v.optional(v.looseObject({})),
  }),
  pidFile: v.string(),
  instanceVariable: v.string(),
  incrementVariable: v.optional(textOrNull, null),
  sourceMaps: v.optional(v.nullable(v.boolean()), null),
  stopSignal: v.pipe(
    v.string(),
    v.transform((name) => (signalNames.includes(name) ? name : "SIGINT")),
  ),
  stopWithMessage: v.boolean(),
  killsTree: v.boolean(),
  uid: idOrNameOrNull,
  gid: idOrNameOrNull,
  umask: v.optional(v.nullable(v.number()), null),
  autostart: v.boolean(),
  dependsOn: v.optional(
    v.array(
      v.looseObject({
        app: v.string(),
        condition: v.picklist(["usual", "started", "healthy", "completed", "succeeded"]),
        isRequired: v.boolean(),
      }),
    ),
    [],
  ),
  policy: v.looseObject({
    restart: restartPolicy,
    readiness: v.picklist(["spawned", "message", "listening", "probe"]),
    probe: v.optional(v.nullable(probe), null),
    probes: v.optional(v.nullable(probes), null),
    listenTimeoutMs: ms,
    listenTimeoutIsGiven: v.optional(v.boolean()),
    killTimeoutMs: ms,
    drain: v.optional(v.boolean(), true),
    drainTimeoutMs: v.optional(ms, 10_000),
    reload: v.optional(v.looseObject({ concurrency: within(1, 10_000), surge: v.boolean() }), {
      concurrency: 1,
      surge: true,
    }),
  }),
  sensors: v.looseObject({
    maxMemoryBytes: numberOrNull,
    cron: textOrNull,
    cronTimezone: v.optional(textOrNull, null),
    watch: v.nullable(
      v.looseObject({
        paths: texts,
        ignore: v.array(
          v.union([v.string(), v.looseObject({ regexp: v.string(), flags: v.string() })]),
        ),
        delayMs: ms,
        options: v.optional(
          v.looseObject({
            pollMs: v.nullable(ms),
            depth: numberOrNull,
            followSymlinks: v.boolean(),
          }),
          { pollMs: null, depth: null, followSymlinks: true },
        ),
      }),
    ),
    heartbeatMs: v.optional(v.nullable(within(shortestHeartbeatMs, longestMs)), null),
  }),
  passthrough: v.record(v.string(), v.unknown()),
});

const verdict = v.looseObject({ probe: v.picklist(["startup", "liveness"]), why: v.string() });

const exit = v.looseObject({
  verdict: v.exactOptional(verdict),
  at,
  code: numberOrNull,
  signal: textOrNull,
  uptimeMs: ms,
  askedBy: textOrNull,
  lastWords: v.exactOptional(texts),
  backgroundPid: v.exactOptional(count),
});

const decision = v.looseObject({
  at,
  // Rules come and go with versions, and an old decision is only read aloud: any name will do.
  rule: v.custom<Rule>((rule) => typeof rule === "string", "expected the name of a rule"),
  next: v.picklist(["remove", "stop", "start", "wait", "give up"]),
  exit: v.nullable(exit),
  saw: v.record(v.string(), v.nullable(v.union([v.number(), v.string(), v.boolean()]))),
  delayMs: ms,
  sentence: v.string(),
});

/** One app as it is kept. */
export const declaredAppSchema: v.GenericSchema<unknown, DeclaredApp> = v.looseObject({
  key: v.pipe(v.string(), v.minLength(1)),
  spec: appSpec,
});

/** What is known of one process. */
export const processFactsSchema: v.GenericSchema<unknown, ProcessFacts> = v.looseObject({
  id: count,
  generation: v.optional(count, 0),
  app: v.string(),
  instance: count,
  status: v.picklist(processStatuses),
  goal: v.picklist(["run", "restart", "stop", "remove"]),
  removal: v.exactOptional(
    v.picklist(["deleted", "replaced", "discarded", "scaledDown", "shutDown"]),
  ),
  health: v.exactOptional(v.picklist(["starting", "healthy", "unhealthy"])),
  verdict: v.exactOptional(verdict),
  ignoresDependencies: v.exactOptional(v.literal(true)),
  child: v.nullable(
    v.looseObject({
      // Never a pid that kill(2) takes for a group or for everybody.
      pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
      startTicks: v.number(),
      lifeId: v.pipe(v.string(), v.regex(lifeIdPattern, "expected letters, digits, _ and -")),
      at,
      errorLogBytes: v.exactOptional(count),
    }),
  ),
  readiness: v.optional(v.picklist(["pending", "ready", "late"]), "ready"),
  readyMs: v.optional(v.number()),
  uniqueId: v.optional(v.string()),
  createdAt: at,
  restarts: count,
  unstableRestarts: count,
  restartTimes: v.array(v.number()),
  backoffMs: ms,
  restartAt: numberOrNull,
  killAt: numberOrNull,
  lastExit: v.nullable(exit),
  failure: v.nullable(v.looseObject({ at, code: v.string(), message: v.string() })),
  decisions: v.array(decision),
});

/** What is known of one reload. */
export const reloadFactsSchema: v.GenericSchema<unknown, ReloadFacts> = v.looseObject({
  key: v.string(),
  by: v.string(),
  startedAt: at,
  at,
  step: v.picklist(["launching", "draining", "failing", "succeeded", "failed"]),
  concurrency: count,
  surge: v.boolean(),
  force: v.boolean(),
  pending: v.array(count),
  batch: v.array(count),
  done: v.array(count),
  takenOut: v.array(count),
  failure: v.nullable(
    v.looseObject({ id: v.number(), at, reason: v.string(), lastWords: v.exactOptional(texts) }),
  ),
});

/** A reload that has not ended, as it is kept. */
export const openReloadSchema: v.GenericSchema<unknown, OpenReload> = v.looseObject({
  reload: reloadFactsSchema,
  spec: v.nullable(appSpec),
});

/** The shape around what a line holds. */
const line = {
  v: v.literal(formatVersion),
  seq: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  at,
};
const daemonLine = { ...line, pid: v.number(), version: v.string() };

export const journalRecordSchema: v.GenericSchema<unknown, JournalRecord> = v.variant("type", [
  v.looseObject({ ...line, type: v.literal("app.declared"), app: declaredAppSchema }),
  v.looseObject({ ...line, type: v.literal("app.removed"), key: v.string() }),
  v.looseObject({
    ...line,
    type: v.literal("process.changed"),
    event: v.string(),
    facts: processFactsSchema,
  }),
  v.looseObject({
    ...line,
    type: v.literal("process.removed"),
    id: count,
    generation: v.optional(count, 0),
  }),
  v.looseObject({
    ...line,
    type: v.literal("reload.changed"),
    reload: reloadFactsSchema,
    spec: v.nullable(appSpec),
  }),
  v.looseObject({ ...daemonLine, type: v.literal("daemon.started") }),
  v.looseObject({ ...daemonLine, type: v.literal("daemon.stopped") }),
]);

/** A snapshot's outer shape; its apps and processes are checked one by one, so that one bad one costs only itself. */
export const snapshotSchema = v.looseObject({
  v: v.literal(formatVersion),
  seq: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  at,
  apps: v.array(v.unknown()),
  processes: v.array(v.unknown()),
  reloads: v.optional(v.array(v.unknown()), []),
});

/** Where a value is not what it should be, as one sentence: `facts.child.pid: expected …`. */
export function faultOf(issues: readonly v.BaseIssue<unknown>[]): string {
  const [issue] = issues;
  if (issue === undefined) return "not valid";
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
}
