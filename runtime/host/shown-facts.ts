import type { Decision, ExitFact, Failure } from "../../machines/facts.ts";
import { shownTime } from "./clock.ts";

/** What happened, with its times as the wall clock shows them. */
function shownAt<T extends { readonly at: number } | null>(fact: T): T {
  return fact === null ? fact : { ...fact, at: shownTime(fact.at) };
}

export function shownExit(exit: ExitFact | null): ExitFact | null {
  return shownAt(exit);
}

export function shownFailure(failure: Failure | null): Failure | null {
  return shownAt(failure);
}

export function shownDecision<T extends Decision | null>(decision: T): T {
  if (decision === null) return decision;
  const { cause } = decision;
  const shown = { ...shownAt(decision), exit: shownExit(decision.exit) };
  return cause === undefined ? shown : { ...shown, cause: shownAt(cause) };
}
