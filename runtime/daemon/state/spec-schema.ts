import * as v from "valibot";
import { notifyEvents } from "../../../machines/notify-spec.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { longestMs, shortestHeartbeatMs, signalNames } from "../../contract/ranges.ts";
import {
  count,
  idOrNameOrNull,
  ms,
  numberOrNull,
  textOrNull,
  texts,
  within,
} from "./schema-words.ts";

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
  successExitCodes: v.exactOptional(v.array(v.number())),
  job: v.exactOptional(
    v.looseObject({
      remainsAfterExit: v.boolean(),
      runTimeoutMs: v.nullable(within(1, longestMs)),
    }),
  ),
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
    v.looseObject({
      kind: v.literal("loop"),
      maxDelayMs: v.nullable(within(0, longestMs)),
      maxUtilization: v.nullable(within(0, 1)),
    }),
  ]),
  initialDelayMs: ms,
  periodMs: within(10, longestMs),
  timeoutMs: within(10, longestMs),
  successThreshold: v.pipe(v.number(), v.integer(), v.minValue(1)),
  failureThreshold: v.pipe(v.number(), v.integer(), v.minValue(1)),
  graceMs: v.exactOptional(within(0, longestMs)),
});
const probes = v.looseObject({
  startup: v.nullable(probeSpec),
  readiness: v.nullable(probeSpec),
  liveness: v.nullable(probeSpec),
});

const hook = v.looseObject({
  command: v.union([v.string(), texts]),
  timeoutMs: within(10, longestMs),
  mayFail: v.boolean(),
});

/** An app's specification, as it is kept. */
export const appSpec: v.GenericSchema<unknown, AppSpec> = v.looseObject({
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
  confinement: v.exactOptional(v.looseObject({})),
  autostart: v.boolean(),
  dependsOn: v.optional(
    v.array(
      v.looseObject({
        app: v.string(),
        condition: v.picklist(["usual", "started", "healthy", "completed", "succeeded"]),
        isRequired: v.boolean(),
        onLoss: v.exactOptional(v.picklist(["keep", "stop", "restart"])),
        followsRestarts: v.exactOptional(v.boolean()),
      }),
    ),
    [],
  ),
  notify: v.exactOptional(
    v.array(
      v.looseObject({
        on: v.array(v.picklist(notifyEvents)),
        target: v.variant("kind", [
          v.looseObject({
            kind: v.picklist(["webhook", "slack", "ntfy"]),
            url: v.string(),
            headers: v.record(v.string(), v.string()),
          }),
          v.looseObject({ kind: v.literal("exec"), command: v.string() }),
          v.looseObject({ kind: v.literal("email"), to: v.string() }),
        ]),
        after: within(1, 1_000_000),
        minIntervalMs: ms,
        digest: v.boolean(),
      }),
    ),
  ),
  group: v.exactOptional(
    v.looseObject({
      groups: v.array(
        v.looseObject({
          name: v.string(),
          strategy: v.picklist(["one_for_one", "one_for_all", "rest_for_one"]),
          maxRestarts: count,
          restartWindowMs: ms,
          autoShutdown: v.picklist(["never", "any_significant", "all_significant"]),
          namespace: textOrNull,
          order: v.number(),
          isSignificant: v.boolean(),
        }),
      ),
      order: v.number(),
      isSignificant: v.boolean(),
    }),
  ),
  hooks: v.exactOptional(
    v.looseObject({
      pre_start: v.optional(hook),
      post_start: v.optional(hook),
      pre_stop: v.optional(hook),
      post_stop: v.optional(hook),
    }),
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
    schedule: v.exactOptional(
      v.looseObject({
        cron: textOrNull,
        timezone: textOrNull,
        everyMs: v.nullable(within(1_000, longestMs)),
        concurrency: v.picklist(["forbid", "replace"]),
        startingDeadlineMs: ms,
        catchesUp: v.boolean(),
        jitterMs: ms,
      }),
    ),
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
    limits: v.exactOptional(
      v.looseObject({
        memoryScope: v.picklist(["main", "tree"]),
        memoryForMs: ms,
        maxCpuPercent: v.nullable(v.pipe(v.number(), v.minValue(1))),
        cpuForMs: ms,
        maxAgeMs: v.nullable(ms),
        ageJitterMs: ms,
      }),
    ),
    heartbeatMs: v.optional(v.nullable(within(shortestHeartbeatMs, longestMs)), null),
  }),
  passthrough: v.record(v.string(), v.unknown()),
});
