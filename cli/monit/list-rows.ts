import type { ProcessView } from "../../runtime/client/connection/types.ts";
import { statusWord } from "../../runtime/compat/status.ts";
import { plain } from "../../runtime/contract/plain.ts";
import { statusColors, type Color } from "../render/colors.ts";
import { formatAge, formatBytes, formatPercent } from "../render/format.ts";
import { textWidth } from "../render/table.ts";
import { reachMs, sparkline, type Samples } from "./graphs.ts";
import { shownProcesses, type Model } from "./model.ts";
import { cut, type Piece, type Row } from "./text.ts";

/** A row of the list, and the process that it is of. */
export interface ListRow {
  readonly row: Row;
  readonly id: number | null;
}

/** The part of the list around the selected process, in at most this many rows. */
export function listRows(
  model: Model,
  { width, most, now }: { width: number; most: number; now: number },
): ListRow[] {
  const shown = shownProcesses(model);
  if (shown.length === 0) {
    const text = model.filter === "" ? "no processes; `xm start` starts one" : "nothing matches";
    return [{ row: [{ text: cut(text, width), color: "dim" }], id: null }];
  }
  const entries = entriesOf(model, shown);
  const count = Math.max(1, Math.min(entries.length, most));
  const at = entries.findIndex((each) => "process" in each && each.process.id === model.selected);
  const first = Math.max(0, Math.min(at - Math.floor(count / 2), entries.length - count));
  const columns = columnsFor(width, shown);
  return entries.slice(first, first + count).map((entry): ListRow => {
    if ("title" in entry)
      return { row: [{ text: cut(plain(entry.title), width), color: "bold" }], id: null };
    return { row: rowOf(entry.process, { model, columns, now }), id: entry.process.id };
  });
}

type Entry = { readonly process: ProcessView } | { readonly title: string };

/** With a title above each namespace and each group, where there are several or any. */
function entriesOf(model: Model, shown: readonly ProcessView[]): Entry[] {
  const titleOf = ({ namespace, group }: ProcessView): string => {
    const place = hasNamespaces ? namespace : "";
    if (group === undefined || group === null) return place;
    const { name, strategy, step, restarts, maxRestarts } = group;
    const words = `group ${name}: ${strategy}, ${step}, ${restarts} of ${maxRestarts} restarts`;
    return place === "" ? words : `${place}, ${words}`;
  };
  const hasNamespaces = shown.some(({ namespace }) => namespace !== shown[0]?.namespace);
  const hasGroups = shown.some(({ group }) => group !== undefined && group !== null);
  if (model.sort !== "name" || (!hasNamespaces && !hasGroups))
    return shown.map((process) => ({ process }));
  let before: string | undefined;
  return shown.flatMap((process): Entry[] => {
    const key = `${process.namespace}\n${process.group?.name ?? ""}`;
    const title = titleOf(process);
    const isNew = key !== before;
    before = key;
    return isNew ? [{ title: title === "" ? "no group" : title }, { process }] : [{ process }];
  });
}

interface Context {
  readonly model: Model;
  readonly now: number;
}

interface Column {
  readonly width: number;
  readonly isRight?: boolean;
  readonly cell: (process: ProcessView, context: Context) => string;
  readonly color?: (process: ProcessView) => Color;
}

const graphWidth = 14;

/** Graphs as they were drawn last: they change with a sample, or when time has moved on by a cell. */
const graphs = new WeakMap<Samples, { step: number; cpu?: string; memory?: string }>();

function graphOf({ id }: ProcessView, { model, now }: Context, of: "cpu" | "memory"): string {
  const known = model.usage.get(id);
  if (known === undefined) return "";
  // A quarter of a core, and 64 MB, are a low bar.
  const least = of === "cpu" ? 25 : 64 * 2 ** 20;
  const step = Math.floor(now / (reachMs / graphWidth));
  const drawn = graphs.get(known);
  if (drawn?.step === step && drawn[of] !== undefined) return drawn[of];
  const graph = sparkline({ at: known.at, values: known[of] }, { width: graphWidth, now, least });
  graphs.set(known, { ...(drawn?.step === step ? drawn : {}), step, [of]: graph });
  return graph;
}

/** As many as there is room for; the name takes what is left. */
function columnsFor(width: number, shown: readonly ProcessView[]): Column[] {
  const hasHealth = shown.some(({ health }) => health !== null && health !== undefined);
  const name = (size: number): Column => ({ width: size, cell: (each) => each.name });
  const optional: (Column & { readonly from: number })[] = [
    ...(hasHealth
      ? [
          {
            from: 64,
            width: 9,
            cell: ({ health, outOfTraffic }: ProcessView) =>
              outOfTraffic ? "no traffic" : (health ?? ""),
            color: ({ health }: ProcessView) => healthColors[health ?? "starting"],
          },
        ]
      : []),
    { from: 100, width: graphWidth, cell: (each, context) => graphOf(each, context, "cpu") },
    { from: 28, width: 5, isRight: true, cell: ({ cpuPercent }) => formatPercent(cpuPercent) },
    { from: 130, width: graphWidth, cell: (each, context) => graphOf(each, context, "memory") },
    { from: 36, width: 8, isRight: true, cell: ({ memoryBytes }) => formatBytes(memoryBytes) },
    { from: 46, width: 5, isRight: true, cell: ({ restarts }) => `↺${restarts}` },
    { from: 56, width: 4, isRight: true, cell: (each, { now }) => ageOf(each, now) },
  ];
  const status: Column = {
    width: width < 28 ? 4 : 9,
    cell: (each) => statusWord(each.status),
    color: (each) => statusColors[each.status],
  };
  const id: Column = { width: 3, isRight: true, cell: (each) => String(each.id) };
  const rest = [status, ...optional.filter(({ from }) => width >= from)];
  const used = rest.reduce((sum, each) => sum + each.width + 1, id.width + 2);
  return [id, name(Math.max(4, width - used)), ...rest];
}

export const healthColors = { starting: "yellow", healthy: "green", unhealthy: "red" } as const;

function rowOf(
  process: ProcessView,
  { columns, ...context }: Context & { columns: readonly Column[] },
): Row {
  const isSelected = process.id === context.model.selected;
  const pieces = columns.map(({ width, isRight, cell, color }, index): Piece => {
    const text = cut(plain(cell(process, context)), width);
    const space = " ".repeat(width - textWidth(text));
    const padded = isRight === true ? space + text : text + space;
    return {
      text: `${index === 0 ? "" : " "}${padded}`,
      color: color?.(process),
      isSelected,
    };
  });
  // Without colours and inversion it is seen too.
  return [{ text: isSelected ? ">" : " ", isSelected }, ...pieces];
}

export function ageOf({ status, startedAt }: ProcessView, now: number): string {
  const runs = ["online", "starting", "stopping"].includes(status);
  return runs && startedAt !== null ? formatAge(now - startedAt) : "";
}
