import type {
  HistoryRecordView,
  ProcessView,
  UsageView,
} from "../../runtime/client/connection/types.ts";
import { reachMs, type Moment, type Samples } from "./graphs.ts";

/** All that the screen shows. It changes by keys, by the mouse and by what is heard from the daemon, and is drawn by `drawn`. */
export interface Model {
  readonly processes: readonly ProcessView[];
  readonly selected: number | null;
  readonly sort: Sort;
  readonly filter: string;
  readonly mode: "list" | "filter" | "find" | "palette" | "confirm" | "help";
  /** The text of the palette, and which of its commands is chosen. */
  readonly typed: string;
  readonly choice: number;
  /** What is done once it is confirmed. */
  readonly wanted: Action | null;
  /** Of the selected process, oldest first. */
  readonly logs: readonly ShownLine[];
  /** Lines that the logs are scrolled back; 0 follows. */
  readonly back: number;
  readonly wraps: boolean;
  /** Only lines of this level and above are shown. */
  readonly level: number | null;
  /** A regular expression that is looked for in the logs, or a text. */
  readonly find: string;
  /** The logs have the whole screen. */
  readonly isLogOnly: boolean;
  /** Off, the terminal selects text as usual. */
  readonly hasMouse: boolean;
  /** What an action came to. */
  readonly message: string;
  /** No daemon answers. */
  readonly isAway: boolean;
  readonly usage: ReadonlyMap<number, Samples>;
  readonly moments: ReadonlyMap<number, readonly Moment[]>;
}

export const sorts = ["name", "cpu", "memory", "restarts", "age"] as const;

export type Sort = (typeof sorts)[number];

export interface ShownLine {
  /** Safe in a terminal; a program's own colours are left out, since the screen has its own. */
  readonly text: string;
  readonly level: number;
}

export type ActionName = "start" | "stop" | "restart" | "reload" | "delete";

export interface Action {
  readonly name: ActionName;
  readonly ids: readonly number[];
  /** What it is about, in words. */
  readonly label: string;
}

export const emptyModel: Model = {
  processes: [],
  selected: null,
  sort: "name",
  filter: "",
  mode: "list",
  typed: "",
  choice: 0,
  wanted: null,
  logs: [],
  back: 0,
  wraps: true,
  level: null,
  find: "",
  isLogOnly: false,
  hasMouse: true,
  message: "",
  isAway: false,
  usage: new Map(),
  moments: new Map(),
};

/** What a key or the mouse asks for beside the change of the model. */
export type Effect =
  | { readonly kind: "quit" }
  | { readonly kind: "mouse"; readonly isOn: boolean }
  | { readonly kind: "act"; readonly action: Action };

/** What came of a key or a click. */
export interface Pressed {
  readonly model: Model;
  readonly effect?: Effect;
}

/** Only those that the filter means; by namespace, group, name and id, or as the user has chosen. */
export function shownProcesses({ processes, filter, sort }: Model): readonly ProcessView[] {
  const key = `${sort} ${filter}`;
  const known = lastShown.get(processes);
  if (known?.key === key) return known.shown;
  const shown = sortedProcesses({ processes, filter, sort });
  lastShown.set(processes, { key, shown });
  return shown;
}

/** A frame asks several times, and most frames are of the same list. */
const lastShown = new WeakMap<object, { key: string; shown: readonly ProcessView[] }>();

function sortedProcesses({
  processes,
  filter,
  sort,
}: Pick<Model, "processes" | "filter" | "sort">): ProcessView[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const isShown = (each: ProcessView): boolean => {
    const { id, namespace, group, name, status, health } = each;
    const text =
      `${id} ${namespace} ${group?.name ?? ""} ${name} ${status} ${health ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const by = order[sort];
  return (words.length === 0 ? [...processes] : processes.filter(isShown)).sort(
    (a, b) => by(a, b) || byName(a, b),
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const byName = (a: ProcessView, b: ProcessView): number =>
  compare(a.namespace, b.namespace) ||
  compare(a.group?.name ?? "", b.group?.name ?? "") ||
  compare(a.name, b.name) ||
  a.id - b.id;

const order: Readonly<Record<Sort, (a: ProcessView, b: ProcessView) => number>> = {
  name: byName,
  cpu: (a, b) => (b.cpuPercent ?? -1) - (a.cpuPercent ?? -1),
  memory: (a, b) => (b.memoryBytes ?? -1) - (a.memoryBytes ?? -1),
  restarts: (a, b) => b.restarts - a.restarts,
  age: (a, b) => (b.startedAt ?? 0) - (a.startedAt ?? 0),
};

/**
 * A list that was heard: the selection stays with its process, or goes to the first. A list without figures leaves those
 * that are known.
 */
export function withProcesses(model: Model, list: readonly ProcessView[]): Model {
  const before = new Map(model.processes.map((each) => [each.id, each]));
  const processes = list.map((each) => {
    const known = before.get(each.id);
    if (each.cpuPercent !== null || known === undefined || known.pid !== each.pid) return each;
    const { cpuPercent, memoryBytes } = known;
    return { ...each, cpuPercent, memoryBytes };
  });
  const there = new Set(list.map(({ id }) => id));
  const kept = <T>(map: ReadonlyMap<number, T>): ReadonlyMap<number, T> =>
    [...map.keys()].every((id) => there.has(id))
      ? map
      : new Map([...map].filter(([id]) => there.has(id)));
  const { usage, moments } = model;
  return reselected({
    ...model,
    processes,
    usage: kept(usage),
    moments: kept(moments),
    isAway: false,
  });
}

/** What happened: a status is shown at once, all else with the next list. */
export function withRecords(model: Model, records: readonly HistoryRecordView[]): Model {
  const byId = new Map(model.processes.map((each) => [each.id, each]));
  const moments = new Map(model.moments);
  for (const { kind, id, generation, status, at, ...record } of records) {
    const known = byId.get(id);
    // Of a reload's two generations the list knows which one serves.
    if (kind !== "process" || status === null || known?.generation !== generation) continue;
    const { pid, restarts, startedAt } = record;
    const decision = record.decision?.sentence ?? known.decision;
    byId.set(id, { ...known, status, pid, restarts, startedAt, decision });
    moments.set(id, [...(moments.get(id) ?? []), { at, status }].slice(-mostMoments));
  }
  const processes = model.processes.map((each) => byId.get(each.id) ?? each);
  return reselected({ ...model, processes, moments });
}

const mostMoments = 1_000;

/** The past of one process, with what has been heard since. */
export function withMoments(model: Model, id: number, past: readonly Moment[]): Model {
  const end = past.at(-1)?.at ?? 0;
  const later = (model.moments.get(id) ?? []).filter(({ at }) => at > end);
  const moments = new Map(model.moments).set(id, [...past, ...later].slice(-mostMoments));
  return { ...model, moments };
}

/** What the daemon has kept; its last figures are those of now. */
export function withUsage(model: Model, views: readonly UsageView[], now: number): Model {
  const usage = new Map(model.usage);
  const latest = new Map<number, { cpu: number; memory: number }>();
  for (const { id, at, cpu, memory } of views) {
    const known = usage.get(id);
    const from = known?.at.findIndex((each) => each >= (at[0] ?? 0)) ?? -1;
    const end = from < 0 ? (known?.at.length ?? 0) : from;
    const first = known?.at.findIndex((each) => each > now - reachMs) ?? 0;
    const joined = <T>(old: readonly T[] | undefined, more: readonly T[]): T[] => [
      ...(old?.slice(Math.max(0, first), end) ?? []),
      ...more,
    ];
    usage.set(id, {
      at: joined(known?.at, at),
      cpu: joined(known?.cpu, cpu),
      memory: joined(known?.memory, memory),
    });
    latest.set(id, { cpu: cpu.at(-1) ?? 0, memory: memory.at(-1) ?? 0 });
  }
  const processes = model.processes.map((each) => {
    const known = latest.get(each.id);
    if (known === undefined || each.pid === null) return each;
    return { ...each, cpuPercent: known.cpu, memoryBytes: known.memory };
  });
  return { ...model, usage, processes };
}

/** Where the selected one is not shown, the first is selected. */
export function reselected(model: Model): Model {
  const shown = shownProcesses(model);
  if (shown.some(({ id }) => id === model.selected)) return model;
  return selecting(model, shown[0]?.id ?? null);
}

export function selecting(model: Model, selected: number | null): Model {
  return selected === model.selected ? model : { ...model, selected, logs: [], back: 0 };
}
