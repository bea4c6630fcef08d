import type { Unmet } from "./dependencies.ts";
import type { Decision } from "./facts.ts";
import { duration } from "./lib/words.ts";

/** `db (service_healthy), which is launching`, for each. */
export function unmetText(unmet: readonly Unmet[]): string {
  return unmet
    .map(({ app, condition, state }) => `${app} (${condition}), which is ${state}`)
    .join("; ");
}

function sawOf(unmet: readonly Unmet[]): Decision["saw"] {
  return Object.fromEntries(
    unmet.map(({ app, condition, state }) => [app, `${condition}: ${state}`]),
  );
}

/** It cannot start yet. */
export function pendingDecision(at: number, unmet: readonly Unmet[]): Decision {
  return {
    at,
    rule: "waitsForDependencies",
    next: "wait",
    exit: null,
    saw: sawOf(unmet),
    delayMs: 0,
    sentence: `It starts when its dependencies are met: it waits for ${unmetText(unmet)}.`,
  };
}

/** What it waited for is there. */
export function metDecision(at: number, waited: Decision): Decision {
  const apps = Object.keys(waited.saw);
  return {
    at,
    rule: "hasItsDependencies",
    next: "start",
    exit: null,
    saw: Object.fromEntries(apps.map((app) => [app, "met"])),
    delayMs: 0,
    sentence: `It was started after a wait of ${duration(Math.max(0, at - waited.at))}, because its dependencies are met: ${apps.join(", ")}.`,
  };
}

/** What it waits for does not come. */
export function lostDecision(at: number, unmet: readonly Unmet[]): Decision {
  const lost = unmet.filter(({ isLost }) => isLost);
  return {
    at,
    rule: "lostItsDependency",
    next: "give up",
    exit: null,
    saw: sawOf(lost),
    delayMs: 0,
    sentence: `It was not started, because a dependency can no longer be met: ${unmetText(lost)}.`,
  };
}
