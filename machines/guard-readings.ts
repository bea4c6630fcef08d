import type { AppContext } from "./app-context.ts";
import type { GodContext } from "./god.ts";
import { ownGroup } from "./group-spec.ts";
import { openOf, type GroupContext } from "./group-reading.ts";
import { judgementOf, type Judgement } from "./judgement.ts";
import { judgedFrom } from "./process-after.ts";
import type { HookName } from "./hooks.ts";
import type { ProcessContext } from "./process-context.ts";
import type { ReloadContext } from "./reload-events.ts";
import { rules, seenBy } from "./restart-policy.ts";
import type { Decision, Rule } from "./facts.ts";

/** What a guard compared, by name; times in ms. */
export type Saw = Decision["saw"];

interface Asked<TContext> {
  readonly context: TContext;
  readonly event: { readonly type: string };
}

type Readings<TContext> = Readonly<Record<string, (asked: Asked<TContext>) => Saw>>;

/*
 * What each guard looks at, beside the guards themselves in the setups: for viewers of a chart, and computed only
 * then. A unit test fails for a guard that is not here.
 */

const resumeOf = ({ context: { resume } }: Asked<ProcessContext>): Saw => ({
  child: resume?.child ?? "none",
  statusBefore: resume?.facts.status ?? null,
});

const jobOf = ({ context: { spec } }: Asked<ProcessContext>): Saw => {
  const { job } = spec.policy.restart;
  return {
    type: job === undefined ? "simple" : "oneshot",
    remainsAfterExit: job?.remainsAfterExit ?? null,
    runTimeoutMs: job?.runTimeoutMs ?? null,
  };
};

const goalOf = ({ context: { goal } }: Asked<ProcessContext>): Saw => ({ goal });

const groupOf = ({ context: { spec, decisions } }: Asked<ProcessContext>): Saw => ({
  group: ownGroup(spec) ?? null,
  rule: decisions.at(-1)?.rule ?? null,
});

const orderOf = ({ event }: Asked<ProcessContext>): Saw => ({
  after: (event as { after?: string }).after ?? null,
});

const hookResume = (asked: Asked<ProcessContext>): Saw => ({
  ...resumeOf(asked),
  ...hookOf(asked),
});

const hookOf = ({ context: { hook } }: Asked<ProcessContext>): Saw => ({
  hook: hook?.name ?? null,
  hasEnded: hook === null ? null : hook.end !== null,
});

const hookReading =
  (name: HookName) =>
  (asked: Asked<ProcessContext>): Saw => ({
    isDeclared: asked.context.spec.hooks?.[name] !== undefined,
    pid: asked.context.child?.pid ?? null,
    ...hookOf(asked),
  });

const ruleReadings = Object.fromEntries(
  rules.map(({ rule }) => [
    rule,
    ({ context }: Asked<ProcessContext>) => seenBy(rule, judgementOf(judgedFrom(context))),
  ]),
);

const ofProcess: Readings<ProcessContext> = {
  ...ruleReadings,
  childEndedMeanwhile: resumeOf,
  hasLiveChild: resumeOf,
  hasStoppingChild: resumeOf,
  hasStartingChild: resumeOf,
  wasWaiting: resumeOf,
  wasStopped: resumeOf,
  wasHeld: resumeOf,
  asksItsGroup: groupOf,
  hasNoGroup: groupOf,
  groupEnds: orderOf,
  groupRests: orderOf,
  mayStartWithItsGroup: ({ context: { goal, groupOrder } }) => ({
    goal,
    askedBefore: groupOrder?.after ?? null,
  }),
  wasErrored: resumeOf,
  lostItsRun: resumeOf,
  wasCompleted: resumeOf,
  wasFailed: resumeOf,
  remainsAfterExit: jobOf,
  isJob: jobOf,
  hasRunTimeout: jobOf,
  isScheduled: ({ context: { goal, spec } }) => ({ goal, cron: spec.sensors.cron }),
  waitsForItsTime: ({ context: { resume, spec } }) => ({
    isNew: resume === null,
    autostart: spec.autostart,
    cron: spec.sensors.cron,
  }),
  wantsToRun: goalOf,
  waitsForOthers: ({ context: { spec, ignoresDependencies } }) => ({
    dependsOn: spec.dependsOn.map(({ app }) => app).join(", "),
    ignoresDependencies,
    onProbation: spec.policy.restart.onProbation === true,
  }),
  hasBonds: ({ context: { spec, ignoresDependencies } }) => ({
    dependsOn: spec.dependsOn.map(({ app }) => app).join(", "),
    ignoresDependencies,
  }),
  hasTimeToSpare: ({ context: { killAt, spec, verdict } }) => ({
    killAt,
    failedProbe: verdict?.probe ?? null,
    killTimeoutMs: spec.policy.killTimeoutMs,
  }),
  isBeingRemoved: goalOf,
  mayBeLate: ({ context: { child, spec } }) => ({
    pid: child?.pid ?? null,
    hasStartupProbe: (spec.policy.probes?.startup ?? null) !== null,
  }),
  wasOutOfTraffic: (asked) => ({
    child: asked.context.resume?.child ?? "none",
    outOfTraffic: asked.context.resume?.facts.outOfTraffic === true,
  }),
  hasPreStart: hookReading("pre_start"),
  hasPostStart: hookReading("post_start"),
  hasPreStop: hookReading("pre_stop"),
  hasPostStop: hookReading("post_stop"),
  wasPrepared: hookResume,
  wasPreparing: hookResume,
  wasConcluding: hookResume,
  hookFailed: ({ context: { spec }, event }) => {
    const { name, why } = event as { name?: HookName; why?: string | null };
    const mayFail = name === undefined ? undefined : spec.hooks?.[name]?.mayFail;
    return { why: why ?? null, onFailure: mayFail === true ? "ignore" : "fail" };
  },
  hasProbes: ({ context: { spec } }) => ({
    readinessProbe: spec.policy.probes?.readiness?.check.kind ?? null,
    livenessProbe: spec.policy.probes?.liveness?.check.kind ?? null,
  }),
  isReplacedFirst: ({ context: { owner, spec } }) => ({
    hasApp: owner !== undefined,
    mode: spec.mode,
    restart: spec.policy.restart.mode,
  }),
  isRestarted: ({ context: { spec } }) => ({ restart: spec.policy.restart.mode }),
  needsReadySignal: ({ context: { spec } }) => ({ readiness: spec.policy.readiness }),
  hasSensors: ({ context: { spec } }) => ({
    maxMemoryBytes: spec.sensors.maxMemoryBytes,
    heartbeatMs: spec.sensors.heartbeatMs,
    maxCpuPercent: spec.sensors.limits?.maxCpuPercent ?? null,
    maxAgeMs: spec.sensors.limits?.maxAgeMs ?? null,
  }),
  takesItsTurn: ({ context: { owner }, event }) => ({
    hasApp: owner !== undefined,
    sensor: (event as { sensor?: string }).sensor ?? null,
  }),
};

const count = (actors: Readonly<Record<string, unknown>>): number => Object.keys(actors).length;

const ofApp: Readings<AppContext> = {
  hasNoProcesses: ({ context: { processes, successors, leaving, reload } }) => ({
    processes: count(processes),
    replacements: count(successors),
    leaving: count(leaving),
    isReloading: reload !== null,
  }),
  isSettled: ({ context: { reload } }) => ({ isReloading: reload !== null }),
  hasTripped: ({ context: { trips } }) => ({ waiting: trips.length }),
};

const batchOf = ({ context }: Asked<ReloadContext>): Saw => {
  const slots = Object.values(context.batch);
  const inSlot = (name: string): number => slots.filter((slot) => slot === name).length;
  return {
    batch: slots.length,
    launching: inSlot("launching"),
    ready: inSlot("ready"),
    draining: inSlot("draining"),
    leaving: inSlot("leaving"),
  };
};

const stepOf = ({ context: { resume } }: Asked<ReloadContext>): Saw => ({
  stepBefore: resume?.step ?? null,
});

const lateOf = ({ context: { force }, event }: Asked<ReloadContext>): Saw => {
  const { isLate, isExpected } = event as { isLate?: boolean; isExpected?: boolean };
  return { isLate: isLate ?? false, isExpected: isExpected ?? false, force };
};

const ofReload: Readings<ReloadContext> = {
  wasDraining: stepOf,
  wasFailing: stepOf,
  nothingIsLeft: ({ context: { pending } }) => ({ pending: pending.length }),
  batchIsOver: batchOf,
  batchIsReady: batchOf,
  lateIsAccepted: lateOf,
  isLate: lateOf,
  isForced: ({ context: { force } }) => ({ force }),
  isNotOfTheBatch: ({ context: { batch }, event }) => {
    const { id } = event as { id?: number };
    return { id: id ?? null, batch: Object.keys(batch).join(", ") };
  },
};

const ofGod: Readings<GodContext> = {
  hasNoApps: ({ context: { apps } }) => ({ apps: apps.size }),
  hasNewApp: ({ context: { apps }, event }) => {
    const { apps: declared = [] } = event as { apps?: readonly { key: string }[] };
    const known = declared.filter(({ key }) => apps.has(key));
    return { key: declared[0]?.key ?? null, declared: declared.length, known: known.length };
  },
};

const groupStepOf = ({ context: { resume } }: Asked<GroupContext>): Saw => ({
  stepBefore: resume?.step ?? null,
});

const incidentsOf =
  (kind: "crash" | "gaveUp" | "ended") =>
  ({ context }: Asked<GroupContext>): Saw => ({
    [kind]: openOf(context, kind)
      .map(({ text }) => text)
      .join(", "),
    autoShutdown: context.place.spec.autoShutdown,
  });

const membersOf = ({ context: { processes } }: Asked<GroupContext>): Saw =>
  Object.fromEntries(processes.map(({ key, id, is }) => [`${key} (${id})`, is]));

const roundOf = ({ context: { round, place } }: Asked<GroupContext>): Saw => ({
  strategy: place.spec.strategy,
  restarted: round?.keys.join(", ") ?? null,
  next: round?.next ?? null,
});

const ofGroup: Readings<GroupContext> = {
  isKnown: membersOf,
  wasStopping: groupStepOf,
  wasStarting: groupStepOf,
  wasEnding: groupStepOf,
  wasEnded: groupStepOf,
  wasShuttingDown: groupStepOf,
  wasShutDown: groupStepOf,
  hasCrashed: incidentsOf("crash"),
  hasGivenUp: incidentsOf("gaveUp"),
  hasEnded: incidentsOf("ended"),
  hasEndedSignificantly: incidentsOf("ended"),
  isOverBudget: ({ context: { restartTimes, place } }) => ({
    restarts: restartTimes.length,
    maxRestarts: place.spec.maxRestarts,
    restartWindowMs: place.spec.restartWindowMs,
  }),
  restartsOthers: roundOf,
  isStarted: roundOf,
  isScopeDown: membersOf,
  isDown: membersOf,
  isAtRest: membersOf,
  isUpAgain: membersOf,
  isTakenDown: membersOf,
  hasLostItsParent: ({ context: { place } }) => ({ parent: place.parent }),
};

/** What each guard of each machine looks at. */
export const guardReadings = {
  process: ofProcess,
  app: ofApp,
  reload: ofReload,
  group: ofGroup,
  god: ofGod,
};

/** The guards evaluated for a decision, in order, with the values they compared; only the last one was true. */
export function askedBefore(
  decision: Pick<Decision, "rule">,
  judgement: Judgement,
): { guard: Rule; result: boolean; saw: Saw }[] {
  const end = rules.findIndex(({ rule }) => rule === decision.rule);
  return rules
    .slice(0, end + 1)
    .filter(({ rule }) => rule !== "restartsAtOnce")
    .map(({ rule }) => ({
      guard: rule,
      result: rule === decision.rule,
      saw: seenBy(rule, judgement),
    }));
}
