import type { ExitFact } from "./facts.ts";

/** The rules of the restart policy, in the order they are asked. */
export type Rule =
  | "wantsRemoval"
  | "wantsStop"
  | "wantsRestart"
  | "isOnProbation"
  | "isStopExitCode"
  | "neverRestarts"
  | "endedCleanly"
  | "endedByItsOwnCode"
  | "unstableTooOften"
  | "restartsTooOften"
  | "backsOff"
  | "delaysRestart"
  | "restartsAtOnce"
  | "cannotBeSpawned";

export type NextStep = "remove" | "stop" | "start" | "wait" | "give up";

/** Why a process is where it is: the rule that applied, the values it saw, and what follows. */
export interface Decision {
  readonly at: number;
  readonly rule: Rule;
  readonly next: NextStep;
  readonly exit: ExitFact | null;
  /** What the rule looked at, by name; times in ms. */
  readonly saw: Readonly<Record<string, number | string | boolean | null>>;
  /** How long until the next start; 0 unless `next` is `wait`. */
  readonly delayMs: number;
  readonly sentence: string;
}
