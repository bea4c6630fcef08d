import { levels, levelWord } from "../../runtime/contract/log-lines/parse-line.ts";
import { isAtRest } from "../../runtime/contract/words/rest.ts";
import { found, shownLines } from "./log-lines.ts";
import {
  reselected,
  selecting,
  shownProcesses,
  type ActionName,
  type Model,
  type Pressed,
} from "./model.ts";
import { pressInPalette } from "./palette.ts";
import { typedInto } from "./text.ts";

/** A key, by terminal-kit's names. */
export function press(model: Model, key: string): Pressed {
  if (key === "CTRL_C") return { model, effect: { kind: "quit" } };
  switch (model.mode) {
    case "filter":
      return { model: typedFilter(model, key) };
    case "find":
      return { model: typedFind(model, key) };
    case "confirm":
      return confirmed(model, key);
    case "help":
      return { model: { ...model, mode: "list" } };
    case "palette":
      return pressInPalette(model, key, press);
    case "list":
      return pressInList({ ...model, message: "" }, key);
  }
}

function pressInList(model: Model, key: string): Pressed {
  const action = actions[key];
  if (action !== undefined) return { model: asked(model, action) };
  const change = changes[key];
  if (change !== undefined) return { model: change(model) };
  if (key === "q") return { model, effect: { kind: "quit" } };
  if (key === "m") return withMouse(model);
  return { model: moved(model, steps[key] ?? 0) };
}

const actions: Readonly<Record<string, ActionName>> = {
  s: "stop",
  r: "restart",
  l: "reload",
  d: "delete",
};

const changes: Readonly<Record<string, (model: Model) => Model>> = {
  "/": (model) => ({ ...model, mode: "filter" }),
  ":": (model) => ({ ...model, mode: "palette", typed: "", choice: 0 }),
  f: (model) => ({ ...model, mode: "find", find: "" }),
  n: (model) => found(model, "older"),
  N: (model) => found(model, "newer"),
  v: nextLevel,
  w: (model) => ({ ...model, wraps: !model.wraps }),
  z: (model) => ({ ...model, isLogOnly: !model.isLogOnly }),
  ENTER: (model) => ({ ...model, isLogOnly: !model.isLogOnly }),
  "?": (model) => ({ ...model, mode: "help" }),
  h: (model) => ({ ...model, mode: "help" }),
  ESCAPE: leave,
  PAGE_UP: (model) => scrolled(model, 10),
  PAGE_DOWN: (model) => scrolled(model, -10),
  HOME: (model) => scrolled(model, Number.POSITIVE_INFINITY),
  END: (model) => ({ ...model, back: 0 }),
};

const steps: Readonly<Record<string, number>> = { UP: -1, k: -1, DOWN: 1, j: 1 };

/** One thing at a time: the whole log, what is looked for, the filter. */
function leave(model: Model): Model {
  if (model.isLogOnly) return { ...model, isLogOnly: false };
  if (model.find !== "") return { ...model, find: "" };
  return reselected({ ...model, filter: "" });
}

export function scrolled(model: Model, lines: number): Model {
  const most = Math.max(0, shownLines(model).length - 1);
  return { ...model, back: Math.min(most, Math.max(0, model.back + lines)) };
}

export function moved(model: Model, step: number): Model {
  const shown = shownProcesses(model);
  const at = shown.findIndex(({ id }) => id === model.selected);
  const next = shown[Math.min(shown.length - 1, Math.max(0, at + step))];
  return step === 0 || next === undefined ? model : selecting(model, next.id);
}

const shownLevels = ["debug", "info", "warn", "error"];

function nextLevel(model: Model): Model {
  const at = model.level === null ? -1 : shownLevels.indexOf(levelWord(model.level));
  const next = shownLevels[at + 1];
  return { ...model, back: 0, level: next === undefined ? null : (levels[next] ?? null) };
}

function withMouse(model: Model): Pressed {
  const hasMouse = !model.hasMouse;
  const message = hasMouse ? "mouse: on" : "mouse: off; the terminal selects text";
  return { model: { ...model, hasMouse, message }, effect: { kind: "mouse", isOn: hasMouse } };
}

function typedFilter(model: Model, key: string): Model {
  if (key === "ENTER") return { ...model, mode: "list" };
  if (key === "ESCAPE") return reselected({ ...model, mode: "list", filter: "" });
  return reselected({ ...model, filter: typedInto(model.filter, key) ?? model.filter });
}

function typedFind(model: Model, key: string): Model {
  if (key === "ENTER") return found({ ...model, mode: "list", back: 0 }, "older", true);
  if (key === "ESCAPE") return { ...model, mode: "list", find: "" };
  return { ...model, find: typedInto(model.find, key) ?? model.find };
}

/** For a process that is not running, the stop key starts it. */
function asked(model: Model, name: ActionName): Model {
  const process = model.processes.find(({ id }) => id === model.selected);
  if (process === undefined) return model;
  const real = name === "stop" && isAtRest(process.status) ? "start" : name;
  const label = `${process.name} (${process.id})`;
  return { ...model, mode: "confirm", wanted: { name: real, ids: [process.id], label } };
}

function confirmed(model: Model, key: string): Pressed {
  const { wanted } = model;
  const rest: Model = { ...model, mode: "list", wanted: null };
  if (wanted === null || (key !== "y" && key !== "ENTER")) return { model: rest };
  const message = `${wanted.name} ${wanted.label} …`;
  return { model: { ...rest, message }, effect: { kind: "act", action: wanted } };
}
