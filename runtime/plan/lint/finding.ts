import type { AppSpec } from "../../../machines/spec.ts";
import type { KnownTimes } from "../behaviour.ts";
import type { Played } from "../play.ts";
import type { Moment } from "../world.ts";

export const lintRules = {
  "dependency-deadlock": "an app that waits for others and is never started",
  "probe-kills-start": "a probe that ends an app while it is still starting",
  "limit-unreachable": "a limit of restarts that no sequence of crashes reaches",
  "kill-timeout-below-drain": "a kill_timeout that ends an app before its drain_timeout is over",
  "group-never-escalates": "a group that no sequence of crashes makes give up",
} as const;

export type LintRule = keyof typeof lintRules;

/** One step of the events that show a fault. Times in ms since the first. */
export interface Evidence {
  readonly at: number;
  readonly name: string;
  /** In the words of the charts. */
  readonly event: string;
  readonly states: string;
  readonly sentence?: string;
}

/** A fault of a file, with the shortest sequence of events that shows it, as the machines have played it. */
export interface Finding {
  readonly rule: LintRule;
  readonly level: "error" | "warning";
  /** The app, or the group. */
  readonly about: string;
  /** As an ecosystem file has it. */
  readonly field: string;
  readonly message: string;
  readonly evidence: readonly Evidence[];
  readonly fix: string;
}

/** What a rule looks at. */
export interface Linted {
  readonly specs: readonly AppSpec[];
  /** What is taken for granted of the apps, by their names. */
  readonly times: ReadonlyMap<string, KnownTimes>;
  /** The slowest start that is known of an app; ms. */
  readonly slowest: ReadonlyMap<string, number>;
  /** An undisturbed start. */
  readonly started: Pick<Played, "moments">;
}

export function evidenceOf(moments: readonly Moment[]): Evidence[] {
  const from = moments[0]?.at ?? 0;
  return moments.map(({ at, name, event, states, sentence }) => ({
    at: at - from,
    name,
    event,
    states,
    ...(sentence === undefined ? {} : { sentence }),
  }));
}
