import type { AppSpec } from "../../../machines/spec.ts";
import type { Down } from "../../contract/app-link/protocol.ts";

/**
 * What an app is asked before it is signalled: to take no new work, finish the old and end.
 * @param graceMs until it is killed.
 * @returns `undefined` for an app that does not drain.
 */
export function stopOrder(
  { stopWithMessage, stopSignal, policy, mode }: AppSpec,
  graceMs: number,
): Extract<Down, { type: "stop" }> | undefined {
  // A worker that may not drain still has to part from the others, which share their connections with it.
  if (mode !== "cluster" && (!policy.drain || stopWithMessage)) return undefined;
  return {
    type: "stop",
    signal: stopSignal,
    graceMs,
    ownMs: policy.killTimeoutMs,
    answerMs: answersWithinMs(graceMs),
    drainMs: Math.min(policy.drainTimeoutMs, graceMs),
    byMessage: stopWithMessage,
  };
}

/**
 * A program that does not answer by then is signalled: its event loop is busy. On a loaded machine an answer takes a
 * while, and to signal too early cuts what is in flight; the signal still needs its own share of the grace period. ms.
 */
export const answersWithinMs = (graceMs: number): number => Math.min(graceMs / 2, 2_000);
