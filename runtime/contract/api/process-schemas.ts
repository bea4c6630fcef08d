import * as v from "valibot";
import { verdictKinds } from "../../../machines/exit.ts";
import { processStatuses } from "../../../machines/facts.ts";
import { hookNames } from "../../../machines/hooks.ts";
import { count, ms, nullable, text, time } from "./schema-words.ts";
import { appSpecSchema } from "./spec-schema.ts";

/** A process, as the API shows it. */

export const exitSchema = v.object({
  at: time(),
  code: nullable(v.number()),
  signal: nullable(text()),
  uptimeMs: ms(),
  askedBy: nullable(text()),
  verdict: v.pipe(
    v.optional(v.object({ probe: v.picklist(verdictKinds), why: text() })),
    v.description(
      "it was ended because this probe or hook failed, or its run took longer than run_timeout",
    ),
  ),
  lastWords: v.pipe(
    v.optional(v.array(text())),
    v.description("the last lines of its stderr, or the uncaught exception"),
  ),
  backgroundPid: v.pipe(
    v.optional(count()),
    v.description("of a descendant that kept running in a session of its own after an exit with 0"),
  ),
  outOfMemory: v.pipe(
    v.optional(
      v.object({ kills: count(), limitBytes: nullable(count()), peakBytes: nullable(count()) }),
    ),
    v.description(
      "the kernel killed processes of it for lack of memory; `limitBytes` is `memory_max` if that was exceeded",
    ),
  ),
});

const figuresSchema = v.pipe(
  v.object({ p50: v.number(), p99: v.number(), peak: v.number() }),
  v.description("percentiles of the means of five minutes each, and the highest sample"),
);

export const decisionSchema = v.object({
  at: time(),
  rule: text(),
  next: text(),
  exit: nullable(exitSchema),
  saw: v.record(v.string(), nullable(v.union([v.number(), text(), v.boolean()]))),
  delayMs: ms(),
  sentence: text(),
  cause: v.pipe(
    v.optional(v.object({ app: text(), id: count(), at: time() })),
    v.description("what happened to another process, and has moved this one"),
  ),
});

export const processSchema = v.object({
  id: count(),
  name: text(),
  namespace: text(),
  app: v.pipe(v.string(), v.description("key of the app: its name, unless two apps share one")),
  instance: count(),
  mode: v.picklist(["fork", "cluster"]),
  status: v.picklist(processStatuses),
  type: v.pipe(v.picklist(["simple", "oneshot"]), v.description("`oneshot` is a job")),
  isModule: v.pipe(
    v.optional(v.literal(true)),
    v.description("only of a module that `xm install` has installed"),
  ),
  pid: nullable(count()),
  startedAt: nullable(time()),
  createdAt: time(),
  restarts: count(),
  unstableRestarts: count(),
  restartAt: nullable(time()),
  killAt: v.pipe(nullable(time()), v.description("when it is killed if it has not ended by then")),
  lastExit: nullable(exitSchema),
  failure: nullable(v.object({ at: time(), code: text(), message: text() })),
  decision: v.pipe(nullable(text()), v.description("the latest decision, as a sentence")),
  script: text(),
  user: nullable(text()),
  watching: v.boolean(),
  troubles: v.pipe(
    v.array(v.object({ sensor: text(), reason: text() })),
    v.description("sensors that do not work, such as a folder that cannot be watched"),
  ),
  version: nullable(text()),
  logs: v.object({ out: nullable(text()), error: nullable(text()), combined: nullable(text()) }),
  pidFile: nullable(text()),
  memoryBytes: nullable(v.number()),
  cpuPercent: nullable(v.number()),
  generation: v.pipe(count(), v.description("grows by one with each reload")),
  readiness: v.picklist(["pending", "ready", "late"]),
  health: v.pipe(
    nullable(v.picklist(["starting", "healthy", "unhealthy"])),
    v.description("result of its probes; null when none is declared or nothing runs"),
  ),
  outOfTraffic: v.pipe(
    v.boolean(),
    v.description("the other processes of its cluster take its connections"),
  ),
  finding: v.pipe(nullable(text()), v.description("what its latest failed probe found")),
  waitsFor: v.pipe(
    v.array(v.object({ app: text(), condition: text(), state: text(), isLost: v.boolean() })),
    v.description("what a pending process waits for"),
  ),
  group: v.pipe(
    v.optional(
      nullable(
        v.object({
          name: text(),
          strategy: text(),
          step: v.pipe(text(), v.description("watching, stopping, starting, ending, ended, …")),
          restarts: count(),
          maxRestarts: count(),
          restartWindowMs: v.number(),
          why: v.pipe(
            nullable(text()),
            v.description("what it does or has done, and because of what"),
          ),
        }),
      ),
    ),
    v.description("the group that its app belongs to"),
  ),
  hook: v.pipe(
    v.optional(nullable(v.object({ name: v.picklist(hookNames), since: time() }))),
    v.description("the hook that runs now"),
  ),
  nextRunAt: v.pipe(nullable(time()), v.description("when its schedule runs it next")),
  reload: v.pipe(
    nullable(v.object({ step: text(), done: count(), total: count(), by: text() })),
    v.description("the current reload of its app"),
  ),
});

/** The columns have one length; a point is the beginning of its step. */
export const usageSchema = v.array(
  v.object({
    id: count(),
    at: v.array(time()),
    memory: v.pipe(v.array(count()), v.description("mean of each step; bytes")),
    memoryPeak: v.array(count()),
    cpu: v.pipe(v.array(v.number()), v.description("mean of each step; percent of a core")),
    cpuPeak: v.array(v.number()),
  }),
);

export const processDetailSchema = v.object({
  ...processSchema.entries,
  lifeId: nullable(text()),
  usage: v.pipe(
    nullable(v.object({ since: time(), memory: figuresSchema, cpu: figuresSchema })),
    v.description(
      "memory (bytes) and CPU (percent of a core) of the last 24 hours, over all its lives; only of a single process with `usage=true`, and null while nothing is known",
    ),
  ),
  portHolder: v.pipe(
    nullable(
      v.object({
        port: count(),
        pid: nullable(count()),
        command: nullable(text()),
        app: nullable(text()),
      }),
    ),
    v.description(
      "who listens now on the port that its last words say was taken; only for a single process",
    ),
  ),
  checkout: v.pipe(
    nullable(
      v.object({
        root: text(),
        branch: nullable(text()),
        commit: nullable(text()),
        remote: nullable(text()),
        system: v.pipe(
          v.exactOptional(v.picklist(["mercurial", "subversion"])),
          v.description("not there for git"),
        ),
      }),
    ),
    v.description("the state of its folder's git repository when it was started"),
  ),
  uniqueId: v.pipe(
    nullable(text()),
    v.description("of the process, from its declaration to its end"),
  ),
  backoffMs: v.pipe(
    count(),
    v.description("the last wait before a restart; 0 when there was none"),
  ),
  goal: v.picklist(["run", "restart", "stop", "remove"]),
  decisions: v.array(decisionSchema),
  /** What the app publishes of itself (`exmachina/io`, `@pm2/io`). */
  metrics: v.record(
    v.string(),
    v.looseObject({ value: nullable(v.union([v.number(), text(), v.boolean()])) }),
  ),
  actions: v.array(v.looseObject({ action_name: text() })),
  /** What it tells of its configuration (`axm:option:configuration`). */
  options: v.record(v.string(), v.unknown()),
  spec: appSpecSchema,
});
