import type { ArgsDef } from "citty";
import { xmError } from "../../runtime/contract/errors.ts";

/** Flags that name several things: given again they add to what was named, and this is between them. */
const lists: Readonly<Record<string, string>> = {
  watch: ",",
  "ignore-watch": " ",
  only: ",",
  profile: ",",
  assume: ",",
  "boot-time": ",",
  "run-time": ",",
  "stop-time": ",",
  "filter-env": ",",
  "stop-exit-codes": ",",
  "interpreter-args": " ",
  field: "\n",
};

/** Flags whose value may be left out, as PM2's `--watch [paths]`. */
const optionalValues: readonly string[] = [
  "watch",
  "timestamp",
  "log",
  "filter-env",
  "web",
  "secret",
  "public",
  "machine-name",
  "canary",
  "safe",
];

/**
 * Brings the words of a call into the one form that a flag parser cannot misread: `--name=value` for a flag with a
 * value, `--name` or `--no-name` for one without. Flags that PM2 takes with every command and this one has no use
 * for are left out; an unknown flag is an error, since a typo is not a setting.
 * @throws `ERR_USAGE`
 */
export async function prepareWords(given: readonly string[], args: ArgsDef): Promise<string[]> {
  const words = [...given];
  const known = knownFlags(args);
  const prepared: string[] = [];
  const isWord = (word: string | undefined): boolean =>
    word !== undefined && (!word.startsWith("-") || word === "-" || /^-\d/.test(word));
  const push = (name: string, value: string): void => {
    const between = lists[name];
    const prefix = `--${name}=`;
    const before = prepared.findIndex((each) => each.startsWith(prefix));
    if (between === undefined || before < 0) {
      prepared.push(`${prefix}${value}`);
      return;
    }
    // A bare `--watch` beside one with paths adds none.
    const named = [prepared[before]?.slice(prefix.length) ?? "", value];
    const values = named.filter((each) => each !== "true");
    prepared[before] = `${prefix}${(values.length > 0 ? values : ["true"]).join(between)}`;
  };
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const flag = flagIn(word, known);
    if (flag === undefined) {
      prepared.push(word);
      continue;
    }
    const { name, letters, attached } = flag;
    const found = known.get(name);
    if (found === undefined) {
      const { foreignFlag } = await import("./foreign-flags.ts");
      const taken = foreignFlag(word, { name, known: [...known.keys()] });
      if (taken === "value" && attached === undefined && isWord(words[index + 1])) index += 1;
      continue;
    }
    if (found.isSwitch) {
      const isOff = name.startsWith("no-") !== (attached === "false");
      prepared.push(`--${isOff ? "no-" : ""}${found.name}`);
      if (letters !== "") words.splice(index + 1, 0, `-${letters}`);
      continue;
    }
    let value = attached ?? (letters === "" ? undefined : letters);
    if (value === undefined && optionalValues.includes(found.name)) {
      const leavesTarget = [...prepared, ...words.slice(index + 2)].some(isWord);
      const next = words[index + 1];
      const isValue = isWord(next) && leavesTarget && mayBeValue(found.name, next ?? "");
      value = isValue ? words[(index += 1)] : "true";
    }
    value ??= words[(index += 1)];
    if (value === undefined) {
      throw xmError("ERR_USAGE", {
        what: `${word} needs a value`,
        fix: `for example \`${word} ${found.valueHint ?? "VALUE"}\``,
      });
    }
    const list = [value];
    // PM2's `--stop-exit-codes 1 2 3`.
    while (found.name === "stop-exit-codes" && /^\d+$/.test(words[index + 1] ?? "")) {
      list.push(words[(index += 1)] ?? "");
    }
    push(found.name, list.join(","));
  }
  return prepared;
}

/** A time's format has a token of dayjs in it: the `0` of `logs --timestamp 0` is a process. A canary's is a number. */
function mayBeValue(name: string, word: string): boolean {
  if (name === "canary") return /^\d+$/.test(word);
  if (name === "safe") return /^\d+(?:\.\d+)?(?:ms|s|m|h)?$/.test(word);
  return name !== "timestamp" || /YY|[MDHhmsSZXx]/.test(word);
}

interface KnownFlag {
  readonly name: string;
  readonly isSwitch: boolean;
  readonly valueHint: string | undefined;
}

function knownFlags(args: ArgsDef): Map<string, KnownFlag> {
  const known = new Map<string, KnownFlag>();
  for (const [name, arg] of Object.entries(args)) {
    if (arg.type === "positional") continue;
    const isSwitch = arg.type === "boolean";
    const { alias = [], valueHint } = arg as { alias?: string | string[]; valueHint?: string };
    const flag = { name, isSwitch, valueHint };
    for (const each of [name, ...[alias].flat()]) {
      known.set(each, flag);
      if (isSwitch) known.set(`no-${each}`, flag);
    }
  }
  return known;
}

/** The flag that a word is: `--name`, `--name=value`, `-n`, `-nVALUE` or `-abc`; a negative number is none. */
function flagIn(
  word: string,
  known: ReadonlyMap<string, KnownFlag>,
): { name: string; letters: string; attached: string | undefined } | undefined {
  const long = /^--([a-zA-Z][\w-]*)(?:=(.*))?$/s.exec(word);
  if (long !== null) return { name: long[1] ?? "", letters: "", attached: long[2] };
  const short = /^-([a-zA-Z])(.*)$/s.exec(word);
  if (short === null) return undefined;
  const [, letter = "", letters = ""] = short;
  // `-name` for `--name` is a slip that is understood.
  if (letters !== "" && known.has(word.slice(1)) && !known.has(letter)) {
    return { name: word.slice(1), letters: "", attached: undefined };
  }
  return { name: letter, letters: letters.replace(/^=/, ""), attached: undefined };
}
