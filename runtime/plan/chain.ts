import { appsMeant, conditionOf } from "../../machines/dependencies.ts";
import type { AppSpec } from "../../machines/spec.ts";
import type { Moment } from "./world.ts";

/** The way of one app through a plan; ms. */
interface Way {
  readonly app: string;
  readonly spec: AppSpec;
  /** It begins to start, or to stop. */
  readonly fromMs: number;
  /** Each condition that others may wait for, from when it holds. */
  readonly startedMs: number | null;
  readonly healthyMs: number | null;
  readonly endedMs: number | null;
}

/** One app of the longest chain. */
export interface Link {
  readonly app: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Wait {
  readonly app: string;
  readonly for: readonly string[];
  readonly fromMs: number;
  /** `null`: it still waits at the end of the plan, or has been given up. */
  readonly toMs: number | null;
}

/** What waited for what, and for how long. */
export function waitsIn(moments: readonly Moment[]): Wait[] {
  const open = new Map<string, { app: string; for: Set<string>; fromMs: number }>();
  const waits: Wait[] = [];
  for (const { facts, name, rule, at } of moments) {
    if (facts === undefined || rule === undefined) continue;
    const key = `${facts.id}.${facts.generation}`;
    const known = open.get(key);
    if (rule === "waitsForDependencies") {
      const names = Object.keys(facts.decisions.at(-1)?.saw ?? {});
      if (known === undefined) open.set(key, { app: name, for: new Set(names), fromMs: at });
      else for (const each of names) known.for.add(each);
    } else if (known !== undefined) {
      open.delete(key);
      const toMs = rule === "hasItsDependencies" ? at : null;
      waits.push({ app: name, for: [...known.for], fromMs: known.fromMs, toMs });
    }
  }
  const left = [...open.values()].map((each) => ({ ...each, for: [...each.for], toMs: null }));
  const all = [...waits, ...left];
  // Every process of an app waits for the same.
  return all.filter(
    (wait, index) =>
      all.findIndex((other) => other.app === wait.app && other.fromMs === wait.fromMs) === index,
  );
}

/** The apps that follow one another for the longest time, in the order of their turns. */
export function longestChain(specs: readonly AppSpec[], moments: readonly Moment[]): Link[] {
  const ways = specs.flatMap((spec) => wayOf(spec, moments));
  const endOf = ({ fromMs, healthyMs, startedMs, endedMs, spec }: Way): number =>
    (spec.policy.restart.job === undefined ? (healthyMs ?? endedMs) : endedMs) ??
    startedMs ??
    fromMs;
  const [last] = ways.toSorted((a, b) => endOf(b) - endOf(a) || b.fromMs - a.fromMs);
  const chain: Link[] = [];
  const seen = new Set<Way>();
  let way = last;
  let toMs = last === undefined ? 0 : endOf(last);
  while (way !== undefined && !seen.has(way)) {
    seen.add(way);
    chain.unshift({ app: way.app, fromMs: way.fromMs, toMs });
    const { fromMs } = way;
    if (fromMs === 0) break;
    const before = predecessors(way, ways)
      .filter((each) => each.atMs <= fromMs && !seen.has(each.way))
      .toSorted((a, b) => b.atMs - a.atMs)[0];
    way = before?.way;
    toMs = before?.atMs ?? 0;
  }
  return chain;
}

function wayOf(spec: AppSpec, moments: readonly Moment[]): Way[] {
  const own = moments.filter(
    ({ name, facts }) => name === spec.name && facts !== undefined && facts.app !== "",
  );
  const first = (matches: (moment: Moment) => boolean): number | null =>
    own.find(matches)?.at ?? null;
  const startedMs = first(({ event }) => event === "child.spawned");
  const stoppingMs = first(({ facts }) => facts?.status === "stopping");
  const fromMs = Math.min(startedMs ?? Infinity, stoppingMs ?? Infinity);
  if (!Number.isFinite(fromMs)) return [];
  const healthyMs = first(
    ({ facts }) =>
      facts?.status === "online" &&
      facts.readiness === "ready" &&
      (facts.health ?? "healthy") === "healthy",
  );
  const endedMs = first(({ exit }) => exit !== undefined);
  return [{ app: spec.name, spec, fromMs, startedMs, healthyMs, endedMs }];
}

/** What an app may have waited for, and when each of it was there: its dependencies, or when it stops, what depends on it. */
function predecessors(way: Way, ways: readonly Way[]): { way: Way; atMs: number }[] {
  const needed = way.spec.dependsOn.flatMap((dependency) =>
    appsMeant(dependency, way.spec.namespace, ways).map((other) => {
      const at = {
        started: other.startedMs,
        healthy: other.healthyMs,
        completed: other.endedMs,
        succeeded: other.endedMs,
      }[conditionOf(dependency, other.spec)];
      return { way: other, atMs: at ?? Infinity };
    }),
  );
  const needing = ways
    .filter((other) =>
      other.spec.dependsOn.some((each) =>
        appsMeant(each, other.spec.namespace, ways).includes(way),
      ),
    )
    .map((other) => ({ way: other, atMs: other.endedMs ?? Infinity }));
  return way.startedMs === way.fromMs ? needed : [...needed, ...needing];
}
