import * as v from "valibot";
import { notifyEvents } from "../../../machines/notify-spec.ts";
import { confinement } from "./confinement-schema.ts";
import { membership } from "./group-schema.ts";
import { hooks } from "./hook-schema.ts";
import { longestMs } from "../ranges.ts";
import { isPlain } from "../plain.ts";
import {
  count,
  heartbeat,
  ms,
  nullable,
  path,
  port,
  signalName,
  stringMap,
  text,
  userId,
} from "./schema-words.ts";

const plainText = v.check(isPlain, "a text without control characters");

const word = v.pipe(v.string(), v.minLength(1), v.maxLength(4_096), plainText);

const notify = v.pipe(
  v.array(
    v.strictObject({
      on: v.pipe(v.array(v.picklist(notifyEvents)), v.minLength(1)),
      target: v.variant("kind", [
        v.strictObject({
          kind: v.picklist(["webhook", "slack", "ntfy"]),
          url: word,
          headers: v.record(word, word),
        }),
        v.strictObject({ kind: v.literal("exec"), command: text() }),
        v.strictObject({ kind: v.literal("email"), to: word }),
      ]),
      after: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000)),
      minIntervalMs: ms(),
      digest: v.boolean(),
    }),
  ),
  v.maxLength(50),
);

const runTimeout = v.pipe(v.number(), v.minValue(1), v.maxValue(longestMs));

const restartPolicy = v.strictObject({
  mode: v.picklist(["always", "on-failure", "on-abnormal", "never"]),
  minUptimeMs: ms(),
  maxRestarts: count(),
  restartWindowMs: ms(),
  restartDelayMs: ms(),
  backoff: nullable(
    v.strictObject({
      initialMs: ms(),
      factor: v.pipe(v.number(), v.minValue(1)),
      maxMs: ms(),
      jitter: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
      resetAfterMs: ms(),
    }),
  ),
  stopExitCodes: v.array(v.pipe(v.number(), v.integer())),
  successExitCodes: v.optional(v.array(v.pipe(v.number(), v.integer()))),
  job: v.optional(
    v.strictObject({ remainsAfterExit: v.boolean(), runTimeoutMs: nullable(runTimeout) }),
  ),
});

/** No app needs more others by name. */
const mostDependencies = 1_000;
const bytes = () => nullable(v.pipe(v.number(), v.integer(), v.minValue(1)));

/** What is absent is the home's. */
const rotation = v.strictObject({
  maxBytes: v.optional(bytes()),
  retain: v.optional(nullable(count())),
  compress: v.optional(v.boolean()),
  schedule: v.optional(nullable(text())),
  timezone: v.optional(nullable(text())),
  maxAgeMs: v.optional(nullable(v.pipe(v.number(), v.minValue(0)))),
  maxTotalBytes: v.optional(bytes()),
  dateSuffix: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.+ -]{1,64}$/))),
});

const probePort = v.union([port(), v.pipe(v.string(), v.regex(/^\$[A-Za-z_]\w*$/))]);
const probeSpec = v.strictObject({
  check: v.variant("kind", [
    v.strictObject({
      kind: v.literal("http"),
      isTls: v.boolean(),
      host: v.string(),
      port: probePort,
      path: v.string(),
      headers: v.record(v.string(), v.string()),
      least: v.number(),
      most: v.number(),
    }),
    v.strictObject({ kind: v.literal("tcp"), host: v.string(), port: probePort }),
    v.strictObject({ kind: v.literal("unix"), path: v.string() }),
    v.strictObject({ kind: v.literal("exec"), command: v.string() }),
    v.strictObject({
      kind: v.literal("log"),
      text: v.string(),
      stream: v.picklist(["out", "err", "both"]),
    }),
    v.strictObject({ kind: v.literal("message") }),
    v.strictObject({ kind: v.literal("heartbeat") }),
    v.strictObject({
      kind: v.literal("loop"),
      maxDelayMs: v.nullable(ms()),
      maxUtilization: v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
    }),
  ]),
  initialDelayMs: ms(),
  periodMs: v.pipe(v.number(), v.minValue(10), v.maxValue(3_600_000)),
  timeoutMs: v.pipe(v.number(), v.minValue(10), v.maxValue(3_600_000)),
  successThreshold: v.pipe(v.number(), v.integer(), v.minValue(1)),
  failureThreshold: v.pipe(v.number(), v.integer(), v.minValue(1)),
  graceMs: v.optional(ms()),
});
const probes = v.strictObject({
  startup: v.nullable(probeSpec),
  readiness: v.nullable(probeSpec),
  liveness: v.nullable(probeSpec),
});

/** An app's specification as a client sends it. Fields that came later may be absent from a saved list. */
export const appSpecSchema = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(255), plainText),
  namespace: v.pipe(v.string(), v.minLength(1), plainText),
  script: path(),
  args: v.array(text()),
  cwd: path(),
  interpreter: nullable(text()),
  interpreterArgs: v.array(text()),
  env: stringMap(),
  instances: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000)),
  mode: v.picklist(["fork", "cluster"]),
  scheduling: v.optional(v.picklist(["shared", "round-robin", "reuse-port", "sticky"]), "shared"),
  mergeLogs: v.boolean(),
  logs: v.strictObject({
    out: nullable(path()),
    error: nullable(path()),
    combined: v.optional(nullable(path()), null),
    numbered: v.optional(v.array(v.picklist(["out", "error", "combined"])), []),
    isOff: v.optional(v.boolean(), false),
    type: v.optional(v.picklist(["plain", "json", "pairs", "labelled"]), "plain"),
    dateFormat: v.optional(nullable(text()), null),
    rotation: v.optional(rotation),
  }),
  pidFile: path(),
  instanceVariable: text(),
  incrementVariable: v.optional(nullable(text()), null),
  sourceMaps: v.optional(nullable(v.boolean()), null),
  stopSignal: signalName(),
  stopWithMessage: v.boolean(),
  killsTree: v.boolean(),
  uid: nullable(userId()),
  gid: nullable(userId()),
  umask: v.optional(
    nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0o777))),
    null,
  ),
  confinement: v.exactOptional(confinement),
  autostart: v.boolean(),
  dependsOn: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          app: v.pipe(v.string(), v.minLength(1), v.maxLength(255), plainText),
          condition: v.picklist(["usual", "started", "healthy", "completed", "succeeded"]),
          isRequired: v.boolean(),
          onLoss: v.optional(v.picklist(["keep", "stop", "restart"])),
          followsRestarts: v.optional(v.boolean()),
        }),
      ),
      v.maxLength(mostDependencies),
    ),
    [],
  ),
  notify: v.exactOptional(notify),
  group: v.optional(membership),
  hooks: v.exactOptional(hooks),
  policy: v.strictObject({
    restart: restartPolicy,
    readiness: v.picklist(["spawned", "message", "listening", "probe"]),
    probe: v.optional(
      nullable(
        v.variant("kind", [
          v.strictObject({ kind: v.literal("http"), url: text() }),
          v.strictObject({ kind: v.literal("tcp"), host: text(), port: port() }),
          v.strictObject({ kind: v.literal("command"), command: text() }),
        ]),
      ),
      null,
    ),
    probes: v.optional(nullable(probes), null),
    listenTimeoutMs: ms(),
    listenTimeoutIsGiven: v.optional(v.boolean()),
    killTimeoutMs: ms(),
    drain: v.optional(v.boolean(), true),
    drainTimeoutMs: v.optional(ms(), 10_000),
    reload: v.optional(
      v.strictObject({
        concurrency: v.pipe(v.number(), v.integer(), v.minValue(1)),
        surge: v.boolean(),
      }),
      { concurrency: 1, surge: true },
    ),
  }),
  sensors: v.strictObject({
    maxMemoryBytes: nullable(v.pipe(v.number(), v.minValue(0))),
    cron: nullable(text()),
    cronTimezone: v.optional(nullable(text()), null),
    schedule: v.optional(
      v.strictObject({
        cron: nullable(text()),
        timezone: nullable(text()),
        everyMs: nullable(v.pipe(v.number(), v.minValue(1_000), v.maxValue(longestMs))),
        concurrency: v.picklist(["forbid", "replace"]),
        startingDeadlineMs: ms(),
        catchesUp: v.boolean(),
        jitterMs: ms(),
      }),
    ),
    watch: nullable(
      v.strictObject({
        paths: v.array(text()),
        ignore: v.array(v.union([text(), v.strictObject({ regexp: text(), flags: text() })])),
        delayMs: ms(),
        options: v.optional(
          v.strictObject({
            pollMs: nullable(ms()),
            depth: nullable(count()),
            followSymlinks: v.boolean(),
          }),
          { pollMs: null, depth: null, followSymlinks: true },
        ),
      }),
    ),
    limits: v.optional(
      v.strictObject({
        memoryScope: v.picklist(["main", "tree"]),
        memoryForMs: ms(),
        maxCpuPercent: nullable(v.pipe(v.number(), v.minValue(1))),
        cpuForMs: ms(),
        maxAgeMs: nullable(ms()),
        ageJitterMs: ms(),
      }),
    ),
    heartbeatMs: v.optional(nullable(heartbeat()), null),
  }),
  passthrough: v.record(v.string(), v.unknown()),
});
