import type { ProcessContext } from "./process-context.ts";
import type { ProcessEvent } from "./process-events.ts";
import { guardRules, type GuardRule } from "./restart-policy.ts";

type Asked = { readonly context: ProcessContext };

type AskedWith = Asked & { readonly event: ProcessEvent };

/* Guards of the process machine. */

/** What a former daemon left of it. */
export const resumed = {
  childEndedMeanwhile: ({ context }: Asked): boolean => context.resume?.child === "gone",
  hasLiveChild: ({ context }: Asked): boolean => context.resume?.child === "alive",
  hasStoppingChild: ({ context }: Asked): boolean =>
    context.resume?.child === "alive" && context.resume.facts.status === "stopping",
  hasStartingChild: ({ context }: Asked): boolean =>
    context.resume?.child === "alive" && context.resume.facts.status === "starting",
  lostItsRun: ({ context: { resume, spec } }: Asked): boolean =>
    resume?.child === "none" &&
    spec.sensors.schedule !== undefined &&
    (resume.facts.status === "starting" || resume.facts.status === "online"),
  wasWaiting: ({ context }: Asked): boolean => context.resume?.facts.status === "waiting",
  wasHeld: ({ context }: Asked): boolean => context.resume?.facts.held === true,
  wasStopped: ({ context }: Asked): boolean => context.resume?.facts.status === "stopped",
  wasErrored: ({ context }: Asked): boolean => context.resume?.facts.status === "errored",
  wasCompleted: ({ context }: Asked): boolean => context.resume?.facts.status === "completed",
  wasFailed: ({ context }: Asked): boolean => context.resume?.facts.status === "failed",
};

/** Ends after which its restart policy starts it again, so that its group has a say. */
export const crashRules: readonly string[] = ["backsOff", "delaysRestart", "restartsAtOnce"];

/** What concerns its group. */
export const ofGroups = {
  asksItsGroup: ({ context: { spec, decisions } }: Asked): boolean =>
    spec.group !== undefined && crashRules.includes(decisions.at(-1)?.rule ?? ""),
  hasNoGroup: ({ context: { spec } }: Asked): boolean => spec.group === undefined,
  groupEnds: ({ event }: AskedWith): boolean =>
    event.type === "group.stop" && event.after === "end",
  groupRests: ({ event }: AskedWith): boolean =>
    event.type === "group.stop" && event.after === "rest",
  mayStartWithItsGroup: ({ context: { goal, groupOrder } }: Asked): boolean =>
    goal === "run" || (goal === "restart" && groupOrder !== null),
};

/** What is declared of it as a job. */
export const ofJobs = {
  remainsAfterExit: ({ context: { spec } }: Asked): boolean =>
    spec.policy.restart.job?.remainsAfterExit === true,
  isJob: ({ context: { spec } }: Asked): boolean => spec.policy.restart.job !== undefined,
  hasRunTimeout: ({ context: { spec } }: Asked): boolean =>
    (spec.policy.restart.job?.runTimeoutMs ?? null) !== null,
};

/** What is declared of how it serves. */
export const ofServing = {
  mayBeLate: ({ context: { child, spec } }: Asked): boolean =>
    // One that is declared and runs out is a failure, and counted.
    child !== null && (spec.policy.probes?.startup ?? null) === null,
  hasProbes: ({ context: { spec } }: Asked): boolean =>
    (spec.policy.probes?.readiness ?? spec.policy.probes?.liveness ?? null) !== null,
  isReplacedFirst: ({ context: { owner, spec } }: Asked): boolean =>
    owner !== undefined && spec.mode === "cluster" && spec.policy.restart.mode !== "never",
  isRestarted: ({ context: { spec } }: Asked): boolean => spec.policy.restart.mode !== "never",
  needsReadySignal: ({ context }: Asked): boolean => context.spec.policy.readiness !== "spawned",
  hasSensors: ({ context: { spec } }: Asked): boolean =>
    spec.sensors.maxMemoryBytes !== null ||
    spec.sensors.heartbeatMs !== null ||
    spec.sensors.limits !== undefined,
};

/** One guard for each rule: whether it is the one that decided. `judge` has asked the rules on entering `exited`. */
export const decidedBy = Object.fromEntries(
  guardRules.map(({ rule }) => [
    rule,
    ({ context }: Asked): boolean => context.decisions.at(-1)?.rule === rule,
  ]),
) as Record<GuardRule, (asked: Asked) => boolean>;
