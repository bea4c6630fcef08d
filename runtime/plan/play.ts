import type { AppSpec } from "../../machines/spec.ts";
import type { Outcome } from "../contract/api/schemas.ts";
import { act } from "../daemon/commands/commands.ts";
import { declare } from "../daemon/commands/declare.ts";
import type { DeclareDependencies } from "../daemon/daemon.ts";
import type { Behaviour } from "./behaviour.ts";
import { createWorld, type Moment, type World } from "./world.ts";

export type Action = "start" | "reload" | "stop";

/** What became of one command. Times in ms since it was given. */
export interface Played {
  readonly moments: readonly Moment[];
  readonly outcomes: readonly Outcome[];
  /** When the command had its answer; `null` if it still waited at the end of the plan. */
  readonly answeredAt: number | null;
  /** The plan was ended while things still changed. */
  readonly isCut: boolean;
}

export interface Case {
  readonly specs: readonly AppSpec[];
  readonly behaviours: ReadonlyMap<string, Behaviour>;
  /** How the apps lived that a reload replaces, or a stop ends; as `behaviours` by default. */
  readonly before?: ReadonlyMap<string, Behaviour>;
  /** What comes after the answer of the command is of no interest. */
  readonly endsWithAnswer?: true;
  /** Asked after each moment: whether the rest is of interest. */
  readonly isEnough?: (moments: readonly Moment[]) => boolean;
}

/** No plan goes further; ms. */
const horizonMs = 10 * 60_000;
const mostMoments = 1_000;
/** Nor one that is only about the answer of its command. */
const mostForAnswer = 300;

/** A command has its own turns between its steps; probes have none. */
const [turnsOfCommand, turnsOfProbes] = [3, 1];

/**
 * Plays a command on a file in a world of its own: the daemon's own commands and machines, on a virtual clock.
 * A reload and a stop begin where a start has led.
 * @throws what the command refuses: `ERR_DEPENDENCY_CIRCLE`, `ERR_DEPENDENCY_UNKNOWN`.
 */
export async function play(action: Action, about: Case): Promise<Played> {
  const { specs, behaviours, before = behaviours } = about;
  let current = action === "start" ? behaviours : before;
  const world = await createWorld((key) => {
    // Apps of one name in two namespaces live alike.
    const found = current.get(key) ?? current.get(key.replace(/~\d+$/, ""));
    if (found === undefined) throw new Error(`can't happen: nothing is known of ${key}`);
    return found;
  });
  try {
    if (action !== "start") {
      await playOne(world, about, start(specs));
      current = behaviours;
    }
    return await playOne(world, about, action === "start" ? start(specs) : next(action, specs));
  } finally {
    world.end();
  }
}

type Work = (dependencies: DeclareDependencies, tell: (outcome: Outcome) => void) => Promise<void>;

function start(specs: readonly AppSpec[]): Work {
  return (dependencies, tell) =>
    declare(dependencies, { apps: specs, known: "start", by: "`xm start`" }, tell);
}

function next(action: "reload" | "stop", specs: readonly AppSpec[]): Work {
  const by = `\`xm ${action}\``;
  if (action === "reload")
    return (dependencies, tell) =>
      declare(dependencies, { apps: specs, known: "reload", by }, tell);
  return (dependencies, tell) => {
    const ids = dependencies.registry.processes().map(({ facts }) => facts.id);
    return act(dependencies, { action: "stop", ids, by }, tell);
  };
}

async function playOne(
  world: World,
  { specs, behaviours, isEnough = () => false, endsWithAnswer }: Case,
  work: Work,
): Promise<Played> {
  const { clock, moments } = world;
  const from = { at: clock.now(), moment: moments.length };
  const outcomes: Outcome[] = [];
  let answeredAt: number | null = null;
  const faults: unknown[] = [];
  const answered = (): void => void (answeredAt = clock.now() - from.at);
  void work(world.dependencies, (outcome) => outcomes.push(outcome)).then(
    answered,
    (fault: unknown) => {
      faults.push(fault);
      answered();
    },
  );
  await world.quiet(turnsOfCommand);
  const stillMs = stillnessOf(specs, behaviours);
  const isOver = (): boolean => {
    const due = clock.nextDue();
    if (due === undefined) return true;
    const last = moments.at(-1)?.at ?? from.at;
    if (answeredAt !== null && endsWithAnswer === true) return true;
    return answeredAt !== null && due > Math.max(last, from.at + answeredAt) + stillMs;
  };
  const most = (endsWithAnswer === true ? mostForAnswer : mostMoments) + 20 * specs.length;
  const isCut = (): boolean =>
    clock.now() - from.at > horizonMs || moments.length - from.moment > most;
  let seen = 0;
  while (!isOver() && !isCut()) {
    clock.step();
    await world.quiet(answeredAt === null ? turnsOfCommand : turnsOfProbes);
    if (moments.length > seen && isEnough(moments)) break;
    seen = moments.length;
  }
  if (faults.length > 0) throw faults[0];
  return {
    moments: moments.slice(from.moment).map((moment) => ({ ...moment, at: moment.at - from.at })),
    outcomes: outcomes.map(withoutPid),
    answeredAt,
    isCut: isCut(),
  };
}

/** Nothing runs, so that no pid is one. */
function withoutPid({ message, note, ...outcome }: Outcome): Outcome {
  const without = (text: string): string => text.replaceAll(/ \(pid \d+\)/g, "");
  return {
    ...outcome,
    message: without(message),
    note: note === null ? null : without(note),
    pid: null,
  };
}

/** When nothing has happened for this long, nothing more will, but for probes that go on; ms. */
function stillnessOf(
  specs: readonly AppSpec[],
  behaviours: ReadonlyMap<string, Behaviour>,
): number {
  const times = specs.flatMap(({ name, policy }) => {
    const { probes, restart, killTimeoutMs } = policy;
    const asked = [probes?.startup, probes?.readiness, probes?.liveness].map((probe) =>
      probe == null ? 0 : probe.initialDelayMs + probe.periodMs * (probe.failureThreshold + 1),
    );
    const { bootMs, end } = behaviours.get(name) ?? { bootMs: 0, end: null };
    const delays = [restart.minUptimeMs, restart.restartDelayMs, restart.backoff?.maxMs ?? 0];
    return [...asked, ...delays, killTimeoutMs, bootMs ?? 0, end?.afterMs ?? 0];
  });
  return Math.min(horizonMs, 1_000 + Math.max(0, ...times));
}
