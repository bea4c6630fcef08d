import type { ExitFact, Failure, Goal, Removal } from "./exit.ts";
import type { GroupOrder } from "./group-events.ts";
import { countRestarts } from "./lib/intensity.ts";
import type { RestartMode, RestartPolicy } from "./spec.ts";

/** All that the restart policy may look at. */
export interface Judged {
  readonly policy: RestartPolicy;
  readonly goal: Goal;
  /** Why it goes, when its goal is `remove`; a command deleted it unless it says another reason. */
  readonly removal?: Removal | null;
  /** What its group asked of it. */
  readonly order?: GroupOrder | null;
  readonly exit: ExitFact | null;
  readonly failure: (Failure & { readonly transient: boolean }) | null;
  /** Unstable exits in a row, this one included. */
  readonly unstableRestarts: number;
  /** Earlier automatic restarts; this one is not among them yet. */
  readonly restartTimes: readonly number[];
  readonly backoffMs: number;
  readonly seed: number;
}

/** All that the rules compare, by name; times in ms. */
export interface Judgement {
  readonly goal: Goal;
  readonly askedBy: string | null;
  /** The group that asked for its end. */
  readonly group: string | null;
  /** Why it could not be spawned: an errno, or a code of the catalog. */
  readonly failure: string | null;
  readonly mayTryAgain: boolean | null;
  readonly onProbation: boolean;
  readonly code: number | null;
  readonly signal: string | null;
  readonly failedProbe: string | null;
  readonly stopExitCodes: string;
  readonly successExitCodes: string;
  /** systemd's words: `oneshot` is a job, `simple` any other app. */
  readonly type: "simple" | "oneshot";
  readonly runTimeoutMs: number | null;
  readonly restart: RestartMode;
  readonly unstableRestarts: number;
  readonly maxRestarts: number;
  readonly minUptimeMs: number;
  readonly restartsInWindow: number;
  readonly restartWindowMs: number;
  readonly previousWaitMs: number;
  readonly maxWaitMs: number | null;
  readonly restartDelayMs: number;
}

/** What the rules compare, as it is at an end. */
export function judgementOf(judged: Judged): Judgement {
  const { policy, goal, exit, failure, unstableRestarts, backoffMs } = judged;
  return {
    goal,
    askedBy: exit?.askedBy ?? null,
    group: judged.order?.group ?? null,
    failure: failure?.code ?? null,
    mayTryAgain: failure?.transient ?? null,
    onProbation: policy.onProbation === true,
    code: exit?.code ?? null,
    signal: exit?.signal ?? null,
    failedProbe: exit?.verdict?.probe ?? null,
    stopExitCodes: policy.stopExitCodes.join(", "),
    successExitCodes: policy.successExitCodes?.join(", ") ?? "",
    type: policy.job === undefined ? "simple" : "oneshot",
    runTimeoutMs: policy.job?.runTimeoutMs ?? null,
    restart: policy.mode,
    unstableRestarts,
    maxRestarts: policy.maxRestarts,
    minUptimeMs: policy.minUptimeMs,
    restartsInWindow: policy.restartWindowMs === 0 ? 0 : restartsInWindow(judged),
    restartWindowMs: policy.restartWindowMs,
    previousWaitMs: backoffMs,
    maxWaitMs: policy.backoff?.maxMs ?? null,
    restartDelayMs: policy.restartDelayMs,
  };
}

/** This restart is one of them. */
export function restartsInWindow({ restartTimes, exit, failure, policy }: Judged): number {
  const at = exit?.at ?? failure?.at ?? 0;
  return countRestarts(restartTimes, at, policy.restartWindowMs) + 1;
}
