import { appsMeant, conditionOf } from "../../machines/dependencies.ts";
import type { AppSpec } from "../../machines/spec.ts";
import type { Outcome } from "../contract/api/schemas.ts";
import { behaviourOf, behavioursOf, type Assumption, type KnownTimes } from "./behaviour.ts";
import { lint } from "./lint/index.ts";
import type { Finding } from "./lint/finding.ts";
import { longestChain, waitsIn, type Link, type Wait } from "./chain.ts";
import { play, type Action, type Played } from "./play.ts";
import { relatedTo } from "./related.ts";
import type { Moment } from "./world.ts";

/** What is taken for granted of the apps of a file, by their names. */
export interface Assumptions {
  readonly times: ReadonlyMap<string, KnownTimes>;
  readonly lives: ReadonlyMap<string, Assumption>;
  /** The slowest start that is known of an app; ms. */
  readonly slowest?: ReadonlyMap<string, number>;
}

/** What becomes of the others when one app never comes to what they wait for. */
export interface Hypothesis {
  readonly app: string;
  readonly what: "never ready" | "fails";
  readonly moments: readonly Moment[];
  readonly outcomes: readonly Outcome[];
  readonly answeredAt: number | null;
}

export interface Plan extends Played {
  readonly action: Action;
  readonly waits: readonly Wait[];
  readonly chain: readonly Link[];
  readonly hypotheses: readonly Hypothesis[];
  readonly findings: readonly Finding[];
}

/** What a command on a file would do, played by God's own machines and commands; nothing is started. */
export async function planOf(
  action: Action,
  specs: readonly AppSpec[],
  { times, lives, slowest = new Map() }: Assumptions,
): Promise<Plan> {
  const behaviours = behavioursOf(specs, { times, lives });
  const before = behavioursOf(specs, { times, lives: new Map() });
  const played = await play(action, { specs, behaviours, before });
  const { moments } = played;
  const hypotheses: Hypothesis[] = [];
  for (const spec of action === "stop" ? [] : specs) {
    const what = whatMayFail(spec, specs);
    if (what === null || lives.has(spec.name)) continue;
    const assumption: Assumption =
      what === "fails" ? { kind: "exit", code: 1 } : { kind: "never-ready" };
    const changed = new Map(behaviours).set(
      spec.name,
      behaviourOf(spec, times.get(spec.name) ?? {}, assumption),
    );
    const related = relatedTo(spec, specs);
    const one = await play(action, {
      specs: related,
      behaviours: changed,
      before,
      endsWithAnswer: true,
    });
    hypotheses.push({
      app: spec.name,
      what,
      moments: one.moments,
      ...answerOf(played, one, related),
    });
  }
  const isUndisturbed = action === "start" && lives.size === 0;
  const started = isUndisturbed ? played : await play("start", { specs, behaviours: before });
  return {
    ...played,
    findings: await lint({ specs, times, slowest, started }),
    action,
    waits: waitsIn(moments),
    chain: longestChain(specs, moments),
    hypotheses,
  };
}

/** The answer of a command when only some apps fare otherwise: it waits for the others, and tells of them, as before. */
function answerOf(
  usual: Played,
  changed: Played,
  related: readonly AppSpec[],
): Pick<Hypothesis, "outcomes" | "answeredAt"> {
  const names = new Set(related.map(({ name }) => name));
  const left = usual.outcomes.toSorted((a, b) => a.id - b.id);
  const others = left.filter(({ name }) => !names.has(name));
  const own = changed.outcomes
    .toSorted((a, b) => a.id - b.id)
    .map((outcome) => {
      // Fewer apps have other ids.
      const index = left.findIndex(({ name }) => name === outcome.name);
      const [same] = index < 0 ? [] : left.splice(index, 1);
      return { ...outcome, id: same?.id ?? outcome.id };
    });
  const times = [usual.answeredAt, changed.answeredAt];
  const answeredAt = times.includes(null) ? null : Math.max(...times.map(Number));
  return { outcomes: [...others, ...own], answeredAt };
}

/** Whether others wait for more of an app than its start: that it serves, or that its work is done. */
function whatMayFail(spec: AppSpec, specs: readonly AppSpec[]): Hypothesis["what"] | null {
  const all = specs.map((each) => ({ spec: each }));
  const conditions = specs.flatMap((other) =>
    other.dependsOn
      .filter((each) => appsMeant(each, other.namespace, all).some((meant) => meant.spec === spec))
      .map((each) => conditionOf(each, spec)),
  );
  if (conditions.includes("succeeded") || conditions.includes("completed")) return "fails";
  return conditions.includes("healthy") ? "never ready" : null;
}
