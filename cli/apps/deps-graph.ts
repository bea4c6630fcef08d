import { appsMeant, conditionOf } from "../../machines/dependencies.ts";
import { isAtRest } from "../../machines/facts.ts";
import type { AppSpec, DependencySpec } from "../../machines/spec.ts";
import type { DepsEdge, DepsGraph, DepsNode, Mood } from "../../runtime/charts/deps.ts";
import type { ProcessDetail } from "../../runtime/client/connection/types.ts";
import { statusWord } from "../../runtime/compat/status.ts";
import { conditionWords } from "../../runtime/contract/words/conditions.ts";
import { plain } from "../../runtime/contract/plain.ts";

/** An app of the list, or of a file: then nothing of it runs. */
interface App {
  readonly key: string;
  readonly spec: AppSpec;
  readonly processes: readonly ProcessDetail[];
}

/** The apps of the list with what they depend on. @param wanted ids of processes whose apps, and all that is joined to them, are shown. */
export function graphOfList(
  details: readonly ProcessDetail[],
  wanted?: ReadonlySet<number>,
): DepsGraph {
  const keys = [...new Set(details.map(({ app }) => app))];
  const apps = keys.map((key): App => {
    const processes = details.filter(({ app }) => app === key);
    return { key, spec: processes[0]?.spec as AppSpec, processes };
  });
  const graph = graphOf(apps);
  if (wanted === undefined) return graph;
  return joinedTo(new Set(details.filter(({ id }) => wanted.has(id)).map(({ app }) => app)), graph);
}

/** The apps of a file. */
export function graphOfSpecs(specs: readonly AppSpec[]): DepsGraph {
  return graphOf(
    specs.map((spec, index) => ({ key: `${index} ${spec.name}`, spec, processes: [] })),
  );
}

function graphOf(apps: readonly App[]): DepsGraph {
  const missing = new Map<string, DepsNode>();
  const edges = apps.flatMap(({ key, spec, processes }) =>
    spec.dependsOn.flatMap((dependency) => {
      const meant = appsMeant(dependency, spec.namespace, apps);
      const name = plain(dependency.app);
      const absent = `absent ${name}`;
      if (meant.length === 0)
        missing.set(absent, { key: absent, name, state: "not in the list", mood: "unknown" });
      const ends = meant.length === 0 ? [absent] : meant.map((each) => each.key);
      return ends.map((to): DepsEdge => ({
        from: key,
        to,
        label: labelOf(dependency, meant[0]?.spec),
        is: stateOf(dependency, processes),
        isRequired: dependency.isRequired,
      }));
    }),
  );
  return { nodes: [...apps.map(nodeOf), ...missing.values()], edges };
}

/** Compose's word for the condition, and what follows from a restart or a loss. */
function labelOf(dependency: DependencySpec, spec: AppSpec | undefined): string {
  const condition = conditionOf(dependency, spec);
  return [
    condition === "started" ? "" : conditionWords[condition].replace("service_", ""),
    dependency.followsRestarts === true ? "restart" : "",
    (dependency.onLoss ?? "keep") === "keep" ? "" : `on_loss: ${dependency.onLoss}`,
    dependency.isRequired ? "" : "optional",
  ]
    .filter((each) => each !== "")
    .join(", ");
}

/** What waits for it now, or has been given up for it. */
function stateOf({ app }: DependencySpec, processes: readonly ProcessDetail[]): DepsEdge["is"] {
  const unmet = processes.flatMap(({ waitsFor }) => waitsFor.filter((each) => each.app === app));
  if (unmet.some(({ isLost }) => isLost)) return "lost";
  if (unmet.length > 0) return "waiting";
  const isLost = processes.some(({ status, decisions }) => {
    const last = decisions.at(-1);
    return status === "errored" && last?.rule === "lostItsDependency" && app in last.saw;
  });
  return isLost ? "lost" : "met";
}

function nodeOf({ key, spec, processes }: App): DepsNode {
  const name = plain(spec.name);
  if (processes.length === 0) return { key, name, state: "declared", mood: "unknown" };
  const counts = new Map<string, number>();
  for (const { status, health } of processes) {
    const word = health === "unhealthy" ? `${statusWord(status)}, unhealthy` : statusWord(status);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const all = processes.length;
  const words = [...counts].map(([word, count]) => (all === 1 ? word : `${count} ${word}`));
  return { key, name, state: words.join(", "), mood: moodOf(processes) };
}

function moodOf(processes: readonly ProcessDetail[]): Mood {
  const is = (...statuses: readonly string[]): boolean =>
    processes.some(({ status }) => statuses.includes(status));
  if (is("errored", "failed") || processes.some(({ health }) => health === "unhealthy"))
    return "down";
  if (is("pending", "starting", "waiting", "stopping")) return "waiting";
  // A job whose work is done is as good as one that runs.
  if (is("online", "completed")) return "up";
  return processes.every(({ status }) => isAtRest(status)) ? "resting" : "waiting";
}

/** Some apps, all that they depend on, and all that depends on them. */
function joinedTo(keys: ReadonlySet<string>, { nodes, edges }: DepsGraph): DepsGraph {
  const follow = (next: (edge: DepsEdge) => readonly [string, string]): Set<string> => {
    const found = new Set(keys);
    for (let before = -1; before < found.size;) {
      before = found.size;
      for (const edge of edges) {
        const [from, to] = next(edge);
        if (found.has(from)) found.add(to);
      }
    }
    return found;
  };
  const shown = new Set([
    ...follow(({ from, to }) => [from, to]),
    ...follow(({ from, to }) => [to, from]),
  ]);
  return {
    nodes: nodes.filter(({ key }) => shown.has(key)),
    edges: edges.filter(({ from, to }) => shown.has(from) && shown.has(to)),
  };
}
