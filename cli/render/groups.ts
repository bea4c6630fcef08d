import { duration } from "../../machines/lib/words.ts";
import { plain } from "../../runtime/contract/plain.ts";
import type { ProcessDetail, ProcessView } from "../../runtime/client/connection/types.ts";
import { paint } from "./colors.ts";

type Group = NonNullable<ProcessView["group"]>;

const stepWords: Readonly<Record<string, string>> = {
  stopping: "restarting",
  starting: "restarting",
  ending: "giving up",
  ended: "gave up",
  shuttingDown: "shutting down",
  shutDown: "shut down",
};

/** A line for each group, with its members and what has become of it. */
export function groupLines(list: readonly ProcessView[]): string[] {
  const groups = new Map<string, { group: Group; members: Set<string> }>();
  for (const { name, group } of list) {
    if (group == null) continue;
    const entry = groups.get(group.name) ?? { group, members: new Set<string>() };
    entry.members.add(name);
    groups.set(group.name, entry);
  }
  return [...groups.values()].map(({ group, members }) => {
    const { step, why } = group;
    const hasEnded = step === "ending" || step === "ended";
    const color = hasEnded ? "red" : step === "watching" ? "grey" : "yellow";
    const news = step === "watching" || why === null ? "" : `: ${why}`;
    const text = `${groupText(group)}, ${[...members].join(", ")}${news}`;
    return `${paint(color, `group ${plain(group.name)}`)}: ${plain(text)}`;
  });
}

/** `one_for_all, restarting, 1 of 5 restarts within 10 s` */
function groupText({ strategy, step, restarts, maxRestarts, restartWindowMs }: Group): string {
  const word = stepWords[step];
  const budget = `${restarts} of ${maxRestarts} restarts within ${duration(restartWindowMs)}`;
  return [strategy, ...(word === undefined ? [] : [word]), budget].join(", ");
}

/** What `describe` says of it. */
export function groupRows({ group }: ProcessDetail): [string, string][] {
  if (group == null) return [];
  const { name, why } = group;
  return [
    ["group", `${name}: ${groupText(group)}`],
    ...(why === null ? [] : [["group's word", why] as [string, string]]),
  ];
}

/** What its group has done last, where its own decision does not say it. */
export function groupWords({ group, decision }: ProcessDetail): string[] {
  if (group?.why == null || decision?.includes(group.why) === true) return [];
  return [
    paint("grey", `  Its group ${plain(group.name)} acted last because: ${plain(group.why)}.`),
  ];
}
