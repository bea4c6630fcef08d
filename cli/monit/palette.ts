import { levelWord, readLevel } from "../../runtime/contract/log-lines/parse-line.ts";
import { found } from "./log-lines.ts";
import { reselected, selecting, shownProcesses, sorts, type Model, type Pressed } from "./model.ts";
import { typedInto } from "./text.ts";

/** What a key of the list does. */
type Press = (model: Model, key: string) => Pressed;

/** A command of the palette. */
export interface PaletteCommand {
  readonly name: string;
  /** What may follow its name. */
  readonly takes?: string;
  readonly does: string;
  run(model: Model, argument: string, press: Press): Pressed;
}

const byKey = (name: string, key: string, does: string): PaletteCommand => ({
  name,
  does,
  run: (model, _, press) => press(model, key),
});

/** Of all that the filter shows; it asks first, as the keys do. */
const ofShown = (name: "start" | "stop" | "restart" | "reload"): PaletteCommand => ({
  name: `${name}-shown`,
  does: `${name} all processes of the filter`,
  run: (model) => {
    const ids = shownProcesses(model).map(({ id }) => id);
    if (ids.length === 0) return said(model, "no process is shown");
    const label = `${ids.length} ${ids.length === 1 ? "process" : "processes"}`;
    return { model: { ...model, mode: "confirm", wanted: { name, ids, label } } };
  },
});

export const paletteCommands: readonly PaletteCommand[] = [
  byKey("stop", "s", "stop the selected process, or start it"),
  byKey("restart", "r", "restart the selected process"),
  byKey("reload", "l", "reload its app"),
  byKey("delete", "d", "delete the selected process"),
  ofShown("restart"),
  ofShown("reload"),
  ofShown("stop"),
  ofShown("start"),
  {
    name: "filter",
    takes: "WORDS",
    does: "show only processes with these words",
    run: (model, words) => ({ model: reselected({ ...model, filter: words }) }),
  },
  {
    name: "go",
    takes: "NAME|ID",
    does: "select a process",
    run: (model, wanted) => {
      const all = shownProcesses({ ...model, filter: "" });
      const id =
        all.find((each) => String(each.id) === wanted || each.name === wanted)?.id ??
        all.find(({ name }) => wanted !== "" && name.startsWith(wanted))?.id;
      if (id === undefined) return said(model, `no process "${wanted}"`);
      return { model: selecting(reselected({ ...model, filter: "" }), id) };
    },
  },
  {
    name: "sort",
    takes: sorts.join("|"),
    does: "order of the processes",
    run: (model, wanted) => {
      const sort = sorts.find((each) => each.startsWith(wanted));
      return sort === undefined || wanted === ""
        ? said(model, `sort by ${sorts.join(", ")}`)
        : { model: { ...model, sort } };
    },
  },
  {
    name: "find",
    takes: "TEXT|REGEX",
    does: "search the log; n older, N newer",
    run: (model, find) => ({ model: found({ ...model, find, back: 0 }, "older", true) }),
  },
  {
    name: "level",
    takes: "LEVEL",
    does: "show only lines of this level and above; all without one",
    run: (model, word) => {
      const level = word === "" ? null : readLevel(word);
      return level === null && word !== ""
        ? said(model, `level: ${[20, 30, 40, 50, 60].map(levelWord).join(", ")}`)
        : { model: { ...model, level, back: 0 } };
    },
  },
  byKey("follow", "END", "follow the log again"),
  byKey("wrap", "w", "wrap or cut long lines"),
  byKey("zoom", "z", "the log on the whole screen, and back"),
  byKey("mouse", "m", "mouse on or off"),
  byKey("help", "?", "keys"),
  byKey("quit", "q", "quit"),
];

/** Those that what is typed may mean: its first word is the beginning of a name, or its letters are in it in this order. */
export function matchingCommands(typed: string): readonly PaletteCommand[] {
  const [word = ""] = typed.trim().toLowerCase().split(/\s+/);
  const exact = paletteCommands.filter(({ name }) => name === word);
  const begins = paletteCommands.filter(({ name }) => name.startsWith(word) && name !== word);
  const letters = new RegExp(
    Array.from(word, (each) => each.replace(/\W/, String.raw`\$&`)).join(".*"),
  );
  const loose = paletteCommands.filter(({ name }) => !name.startsWith(word) && letters.test(name));
  // What has an argument is decided.
  if (exact.length > 0 && /\s/.test(typed.trimStart())) return exact;
  return [...exact, ...begins, ...loose];
}

export function pressInPalette(model: Model, key: string, press: Press): Pressed {
  const commands = matchingCommands(model.typed);
  const choice = Math.min(model.choice, Math.max(0, commands.length - 1));
  const command = commands[choice];
  const closed: Model = { ...model, mode: "list", typed: "", choice: 0, message: "" };
  switch (key) {
    case "ESCAPE":
      return { model: closed };
    case "UP":
    case "SHIFT_TAB":
      return { model: { ...model, choice: Math.max(0, choice - 1) } };
    case "DOWN":
      return { model: { ...model, choice: Math.min(commands.length - 1, choice + 1) } };
    case "TAB":
      return { model: command === undefined ? model : completed(model, command.name) };
    case "ENTER": {
      if (command === undefined) return said(closed, `no command "${model.typed.trim()}"`);
      const argument = model.typed
        .trimStart()
        .replace(/^\S+\s*/, "")
        .trim();
      return command.run(closed, argument, press);
    }
    default: {
      const typed = typedInto(model.typed, key);
      if (typed === undefined) return { model };
      if (key === "BACKSPACE" && model.typed === "") return { model: closed };
      return { model: { ...model, typed, choice: 0 } };
    }
  }
}

function completed(model: Model, name: string): Model {
  const argument = model.typed.trimStart().replace(/^\S+\s*/, "");
  return { ...model, typed: `${name} ${argument}`, choice: 0 };
}

function said(model: Model, message: string): Pressed {
  return { model: { ...model, message } };
}
