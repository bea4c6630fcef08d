import type { ExitFact, Removal } from "./exit.ts";
import { restartsInWindow, type Judged, type Judgement } from "./judgement.ts";
import { duration } from "./lib/words.ts";
import type { RestartPolicy } from "./spec.ts";

export type NextStep =
  | "remove"
  | "stop"
  | "start"
  | "wait"
  | "hold"
  | "give up"
  | "complete"
  | "fail";

interface RuleEntry {
  readonly rule: string;
  readonly next: NextStep;
  /** What the name means in the chart and in the reference. */
  readonly means: string;
  readonly applies: (judged: Judged) => boolean;
  /** The values it rests on. */
  readonly sees: readonly (keyof Judgement)[];
  /** What is said to the user. */
  readonly why: (judged: Judged) => string;
}

/** Signals by which a program is asked to end: to obey one is a clean end (systemd.service(5), "clean signals"). */
const cleanSignals: readonly string[] = ["SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"];

/** Why a process is gone, by what took it away. */
const removals: Readonly<Record<Removal, string>> = {
  deleted: "it was deleted",
  replaced: "a reload has replaced it",
  discarded: "its reload failed and discarded this replacement",
  scaledDown: "its app was scaled down",
  shutDown: "the daemon is shutting down",
};

/**
 * The whole restart policy, and the only list of its rules: the first rule that applies decides. The transitions of the
 * process machine's `exited` state, its guards, their descriptions and the decision records are made from it.
 */
export const rules = [
  {
    rule: "wantsRemoval",
    next: "remove",
    means: "it was deleted",
    applies: ({ goal }) => goal === "remove",
    sees: ["goal"],
    why: ({ removal }) => removals[removal ?? "deleted"],
  },
  {
    rule: "wantsStop",
    next: "stop",
    means: "a command stopped it, or the end of an app with on_loss: stop",
    applies: ({ goal }) => goal === "stop",
    sees: ["goal", "askedBy"],
    why: ({ exit }) => `${exit?.askedBy ?? "a command"} stopped it`,
  },
  {
    rule: "endedByItsGroup",
    next: "give up",
    means: "its group gave up and has stopped it",
    applies: ({ goal, order }) => goal === "restart" && order?.after === "end",
    sees: ["goal", "group"],
    why: ({ order }) => order?.why ?? "its group gave up",
  },
  {
    rule: "restsWithItsGroup",
    next: "stop",
    means:
      "its group shut down, or stopped it with others and does not start it again (restart: never)",
    applies: ({ goal, order }) => goal === "restart" && order?.after === "rest",
    sees: ["goal", "group"],
    why: ({ order }) => order?.why ?? "its group shut down",
  },
  {
    rule: "cannotBeSpawned",
    next: "give up",
    means: "the program cannot be started, and trying again would not help",
    applies: ({ failure }) => failure !== null && !failure.transient,
    sees: ["failure", "mayTryAgain"],
    why: ({ failure }) => `it cannot be started: ${failure?.message ?? "unknown reason"}`,
  },
  {
    rule: "restartsWithItsGroup",
    next: "hold",
    means: "its group restarts it with a member that crashed",
    applies: ({ goal, order }) => goal === "restart" && order?.after === "hold",
    sees: ["goal", "group"],
    why: ({ order }) => order?.why ?? "its group restarts it",
  },
  {
    rule: "wantsRestart",
    next: "start",
    means:
      "a command, a sensor, the end of its balancer, or an app that it depends on asked for a restart",
    applies: ({ goal }) => goal === "restart",
    sees: ["goal", "askedBy"],
    why: ({ exit }) => `${exit?.askedBy ?? "a command"} asked for a restart`,
  },
  {
    rule: "isOnProbation",
    next: "stop",
    means: "it was a replacement that never came online: its reload decides",
    applies: ({ policy }) => policy.onProbation === true,
    sees: ["onProbation"],
    why: () => "it was a replacement that never came online: the reload decides",
  },
  {
    rule: "lacksResources",
    next: "wait",
    means:
      "the machine had no process, memory or file descriptor left to start it: it is tried again, and the failure is not counted",
    applies: ({ failure }) => failure !== null && failure.transient,
    sees: ["failure", "mayTryAgain"],
    why: ({ failure }) =>
      `the machine lacked the resources to start it (${failure?.code ?? "unknown"}), which is not counted as an unstable exit`,
  },
  {
    rule: "hasCompleted",
    next: "complete",
    means:
      "it is a job (type: oneshot), and its exit code is 0 or one of success_exit_codes or stop_exit_codes",
    applies: ({ exit, policy }) =>
      policy.job !== undefined &&
      exit !== null &&
      isItsOwn(exit) &&
      (isSuccess(exit, policy) || isStopCode(exit, policy)),
    sees: ["type", "code", "successExitCodes", "stopExitCodes"],
    why: ({ exit, policy }) =>
      exit?.code === 0
        ? "its run succeeded (type: oneshot)"
        : `exit code ${exit?.code} is one of ${isStopCode(exit, policy) ? "stop_exit_codes" : "success_exit_codes"}`,
  },
  {
    rule: "ranTooLong",
    next: "fail",
    means: "its run took longer than run_timeout, and restart: never does not run it again",
    applies: ({ exit, policy }) => exit?.verdict?.probe === "runTimeout" && policy.mode === "never",
    sees: ["runTimeoutMs", "restart"],
    why: ({ policy }) =>
      `a run may take ${duration(policy.job?.runTimeoutMs ?? 0)} (run_timeout), and restart: never does not run it again`,
  },
  {
    rule: "runFailed",
    next: "fail",
    means:
      "it is a job whose run failed, and restart: never, or on-abnormal after an exit code of its own, does not run it again",
    applies: ({ exit, policy }) =>
      policy.job !== undefined &&
      (policy.mode === "never" ||
        (policy.mode === "on-abnormal" && exit?.code != null && isItsOwn(exit))),
    sees: ["type", "code", "signal", "restart"],
    why: ({ policy }) =>
      policy.mode === "never"
        ? "its run failed, and restart: never does not run it again"
        : "it exited by itself, and restart: on-abnormal runs it again only after a signal",
  },
  {
    rule: "isStopExitCode",
    next: "stop",
    means: "its exit code is one of stop_exit_codes",
    applies: ({ exit, policy }) => isItsOwn(exit ?? {}) && isStopCode(exit, policy),
    sees: ["code", "stopExitCodes"],
    why: ({ exit, policy }) =>
      `exit code ${exit?.code} is one of stop_exit_codes (${policy.stopExitCodes.join(", ")})`,
  },
  {
    rule: "neverStarted",
    next: "give up",
    means: "its startup probe failed, and it is never restarted",
    applies: ({ exit, policy }) => exit?.verdict?.probe === "startup" && policy.mode === "never",
    sees: ["failedProbe", "restart"],
    why: () => "it did not start, and it is never restarted (restart: never)",
  },
  {
    rule: "wasNotPrepared",
    next: "give up",
    means: "its pre_start hook failed, and it is never restarted",
    applies: ({ exit, policy }) => exit?.verdict?.probe === "preStart" && policy.mode === "never",
    sees: ["failedProbe", "restart"],
    why: () => "it could not be prepared, and it is never restarted (restart: never)",
  },
  {
    rule: "neverRestarts",
    next: "stop",
    means: "restart: never, or autorestart: false",
    applies: ({ policy }) => policy.mode === "never",
    sees: ["restart"],
    why: () => "it is never restarted (restart: never, or autorestart: false)",
  },
  {
    rule: "endedCleanly",
    next: "stop",
    means:
      "it exited with code 0, one of success_exit_codes or on a stop signal, and restart: on-failure or on-abnormal ignores clean exits",
    applies: ({ policy, exit }) =>
      policy.mode !== "always" && exit !== null && isItsOwn(exit) && isClean(exit, policy),
    sees: ["restart", "code", "signal"],
    why: ({ policy }) => `it exited cleanly, and restart: ${policy.mode} ignores clean exits`,
  },
  {
    rule: "endedByItsOwnCode",
    next: "stop",
    means: "it exited by itself, and restart: on-abnormal restarts only after a signal",
    applies: ({ policy, exit }) =>
      policy.mode === "on-abnormal" && exit?.code != null && isItsOwn(exit),
    sees: ["restart", "code"],
    why: () => "it exited by itself, and restart: on-abnormal restarts only after a signal",
  },
  {
    rule: "unstableTooOften",
    next: "give up",
    means: "the unstable exits in a row have reached max_restarts",
    applies: ({ unstableRestarts, policy }) =>
      unstableRestarts >= policy.maxRestarts && unstableRestarts > 0,
    sees: ["unstableRestarts", "maxRestarts", "minUptimeMs"],
    why: ({ unstableRestarts, policy }) =>
      policy.job === undefined
        ? `that was unstable exit ${unstableRestarts} of ${policy.maxRestarts} in a row (each life shorter than min_uptime, ${duration(policy.minUptimeMs)})`
        : `that was failed run ${unstableRestarts} of ${policy.maxRestarts} in a row (max_restarts)`,
  },
  {
    rule: "restartsTooOften",
    next: "give up",
    means: "more than max_restarts restarts within restart_window",
    applies: (judged) =>
      judged.policy.restartWindowMs > 0 && restartsInWindow(judged) > judged.policy.maxRestarts,
    sees: ["restartsInWindow", "maxRestarts", "restartWindowMs"],
    why: (judged) =>
      `it would be restart ${restartsInWindow(judged)} within ${duration(judged.policy.restartWindowMs)} (restart_window), and max_restarts is ${judged.policy.maxRestarts}`,
  },
  {
    rule: "backsOff",
    next: "wait",
    means: "exp_backoff_restart_delay is set: the waits grow",
    applies: ({ policy }) => policy.backoff !== null,
    sees: ["previousWaitMs", "maxWaitMs"],
    why: () => "waits grow from one restart to the next (exp_backoff_restart_delay)",
  },
  {
    rule: "delaysRestart",
    next: "wait",
    means: "restart_delay is set",
    applies: ({ policy }) => policy.restartDelayMs > 0,
    sees: ["restartDelayMs"],
    why: () => "restart_delay is set",
  },
  {
    rule: "restartsAtOnce",
    next: "start",
    means: "no other rule applies",
    applies: () => true,
    sees: ["unstableRestarts", "maxRestarts"],
    why: ({ policy, unstableRestarts }) =>
      unstableRestarts > 0
        ? `${policy.job === undefined ? "unstable exit" : "failed run"} ${unstableRestarts} of ${policy.maxRestarts}, no delay is set`
        : "no delay is set",
  },
] as const satisfies readonly RuleEntry[];

/** A rule of the restart policy. */
export type ExitRule = (typeof rules)[number]["rule"];

/** A rule that is a guard of the chart: all but the last, which is what happens otherwise. */
export type GuardRule = Exclude<ExitRule, "restartsAtOnce">;

export const guardRules = rules.filter(
  (entry): entry is Extract<(typeof rules)[number], { rule: GuardRule }> =>
    entry.rule !== "restartsAtOnce",
);

/** Its exit code shows that its work is done. */
export function isSuccess(
  { code }: Pick<ExitFact, "code">,
  { successExitCodes = [] }: Pick<RestartPolicy, "successExitCodes">,
): boolean {
  return code === 0 || (code !== null && successExitCodes.includes(code));
}

/** Nobody ended it for a failed probe: then its code is that of an answer to our signal, and says nothing. */
function isItsOwn({ verdict }: Pick<ExitFact, "verdict">): boolean {
  return verdict === undefined;
}

function isStopCode(exit: ExitFact | null, { stopExitCodes }: RestartPolicy): boolean {
  return exit?.code != null && stopExitCodes.includes(exit.code);
}

/**
 * A clean end: a code of success, or one of the signals that ask a program to end; a job that obeys one has not done its
 * work. An unknown end is not clean.
 */
function isClean(exit: ExitFact, policy: RestartPolicy): boolean {
  if (isSuccess(exit, policy)) return true;
  return policy.job === undefined && exit.signal !== null && cleanSignals.includes(exit.signal);
}
