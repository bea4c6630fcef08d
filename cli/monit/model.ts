import { isAtRest } from "../../runtime/contract/words/rest.ts";
import type { ProcessView } from "../../runtime/client/connection/types.ts";

/** All that the screen shows. It changes by `press` and by what is heard from the daemon, and is drawn by `rowsOf`. */
export interface Model {
  readonly processes: readonly ProcessView[];
  readonly selected: number | null;
  readonly filter: string;
  readonly mode: "list" | "filter" | "confirm" | "help";
  /** What is done once it is confirmed. */
  readonly wanted: Action | null;
  /** Of the selected process, oldest first. */
  readonly logs: readonly ShownLine[];
  /** Lines that the logs are scrolled back; 0 follows. */
  readonly back: number;
  readonly wraps: boolean;
  /** What an action came to. */
  readonly message: string;
  /** No daemon answers. */
  readonly isAway: boolean;
  /** Shares of a core lately, by id, the newest last. */
  readonly cpu: ReadonlyMap<number, readonly number[]>;
}

export interface ShownLine {
  readonly stream: "out" | "err";
  readonly line: string;
}

export type ActionName = "start" | "stop" | "restart" | "reload" | "delete";

export interface Action {
  readonly name: ActionName;
  readonly id: number;
  readonly app: string;
}

export const emptyModel: Model = {
  processes: [],
  selected: null,
  filter: "",
  mode: "list",
  wanted: null,
  logs: [],
  back: 0,
  wraps: true,
  message: "",
  isAway: false,
  cpu: new Map(),
};

/** What a key asks for beside the change of the model. */
export type Effect = { readonly kind: "quit" } | { readonly kind: "act"; readonly action: Action };

/** By namespace, then name, then id; only those that the filter means. */
export function shownProcesses({ processes, filter }: Model): ProcessView[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return processes
    .filter((each) => {
      const text = `${each.id} ${each.namespace} ${each.name} ${each.status}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .toSorted(
      (a, b) =>
        a.namespace.localeCompare(b.namespace) || a.name.localeCompare(b.name) || a.id - b.id,
    );
}

/** A list that was heard: the selection stays with its process, or goes to the first. */
export function withProcesses(model: Model, processes: readonly ProcessView[]): Model {
  const cpu = new Map<number, readonly number[]>();
  for (const { id, cpuPercent } of processes)
    cpu.set(id, [...(model.cpu.get(id) ?? []), cpuPercent ?? 0].slice(-mostSamples));
  return reselected({ ...model, processes, cpu, isAway: false });
}

const mostSamples = 60;

/** Where the selected one is not shown, the first is selected. */
function reselected(model: Model): Model {
  const shown = shownProcesses(model);
  if (shown.some(({ id }) => id === model.selected)) return model;
  return selecting(model, shown[0]?.id ?? null);
}

function selecting(model: Model, selected: number | null): Model {
  return selected === model.selected ? model : { ...model, selected, logs: [], back: 0 };
}

const mostLines = 2_000;
/** A longer line is cut: the screen has no room for it. */
const longestLine = 10_000;

export function withLine(model: Model, { stream, line }: ShownLine): Model {
  const logs = [...model.logs, { stream, line: line.slice(0, longestLine) }];
  // While scrolled back, the visible lines stay.
  const back = model.back === 0 ? 0 : model.back + 1;
  return { ...model, logs: logs.slice(-mostLines), back };
}

/** A key, by terminal-kit's names. */
export function press(model: Model, key: string): { model: Model; effect?: Effect } {
  if (key === "CTRL_C") return { model, effect: { kind: "quit" } };
  if (model.mode === "filter") return { model: typed(model, key) };
  if (model.mode === "confirm") return confirmed(model, key);
  if (model.mode === "help") return { model: { ...model, mode: "list" } };
  const calm = { ...model, message: "" };
  const action = actions[key];
  if (action !== undefined) return { model: asked(calm, action) };
  switch (key) {
    case "q":
      return { model, effect: { kind: "quit" } };
    case "/":
      return { model: { ...calm, mode: "filter" } };
    case "?":
    case "h":
      return { model: { ...calm, mode: "help" } };
    case "ESCAPE":
      return { model: reselected({ ...calm, filter: "" }) };
    case "w":
      return { model: { ...calm, wraps: !model.wraps } };
    case "PAGE_UP":
      return { model: { ...calm, back: Math.min(model.logs.length, model.back + 10) } };
    case "PAGE_DOWN":
      return { model: { ...calm, back: Math.max(0, model.back - 10) } };
    case "END":
      return { model: { ...calm, back: 0 } };
    default:
      return { model: moved(calm, steps[key] ?? 0) };
  }
}

const actions: Readonly<Record<string, ActionName>> = {
  s: "stop",
  r: "restart",
  l: "reload",
  d: "delete",
};

const steps: Readonly<Record<string, number>> = { UP: -1, k: -1, DOWN: 1, j: 1 };

function moved(model: Model, step: number): Model {
  const shown = shownProcesses(model);
  const at = shown.findIndex(({ id }) => id === model.selected);
  const next = shown[Math.min(shown.length - 1, Math.max(0, at + step))];
  return step === 0 || next === undefined ? model : selecting(model, next.id);
}

function typed(model: Model, key: string): Model {
  if (key === "ENTER") return { ...model, mode: "list" };
  if (key === "ESCAPE") return reselected({ ...model, mode: "list", filter: "" });
  if (key === "BACKSPACE") return reselected({ ...model, filter: model.filter.slice(0, -1) });
  return /^.$/u.test(key) ? reselected({ ...model, filter: model.filter + key }) : model;
}

/** For a process that is not running, the stop key starts it. */
function asked(model: Model, name: ActionName): Model {
  const process = model.processes.find(({ id }) => id === model.selected);
  if (process === undefined) return model;
  const rests = isAtRest(process.status);
  const real = name === "stop" && rests ? "start" : name;
  const wanted = { name: real, id: process.id, app: process.name };
  return { ...model, mode: "confirm", wanted };
}

function confirmed(model: Model, key: string): { model: Model; effect?: Effect } {
  const { wanted } = model;
  const rest: Model = { ...model, mode: "list", wanted: null };
  if (wanted === null || (key !== "y" && key !== "ENTER")) return { model: rest };
  const message = `${wanted.name} ${wanted.app} (${wanted.id}) …`;
  return { model: { ...rest, message }, effect: { kind: "act", action: wanted } };
}
