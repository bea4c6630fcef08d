import { resolve } from "node:path";
import { fieldsByName } from "../../runtime/contract/fields/fields.ts";
import { startFlags } from "../../cli/apps/start-flags.ts";
import type { ProcessView } from "../../runtime/client/connection/types.ts";
import type { Ran } from "./home.ts";

/** A call, and what it was given as its input. */
export interface FuzzedCall {
  readonly words: readonly string[];
  /** Where it is called. */
  readonly cwd?: string;
  readonly input?: string | undefined;
}

/**
 * What is wrong with how a call ended, whatever it was: another exit code than 0 or 1, a stack, a failure without words,
 * or with words that name nothing of the call. Empty when nothing is.
 */
export function faultsOf(call: FuzzedCall, ran: Ran): string[] {
  const faults: string[] = [];
  if (ran.code !== 0 && ran.code !== 1) faults.push(`its exit code is ${ran.code}`);
  if (/fault of Ex Machina|ERR_INTERNAL/.test(ran.stderr)) faults.push("it is a fault of ours");
  if (/^\s+at .+(:\d+:\d+|<anonymous>)\)?$/m.test(ran.stderr)) faults.push("it shows a stack");
  if (ran.code !== 1) return faults;
  if (!/^xm: .*\S/m.test(ran.stderr)) faults.push("it fails without words");
  else if (!namesFault(call, ran.stderr.replaceAll(/^ +see docs\/reference\/errors\.md#.*$/gm, "")))
    faults.push("its words name nothing of the call");
  return faults;
}

/** Whether a call was refused as a whole: nothing was begun, so nothing may have changed. */
export function isRefused({ code, stdout, stderr }: Ran): boolean {
  return code === 1 && stdout === "" && !/^xm: .+ \(\d+\): /m.test(stderr);
}

/** Which processes there are: what a refused call leaves as it is. */
export function whichOf(list: readonly ProcessView[]): string[] {
  return list.map(({ id, name }) => `${id} ${name}`);
}

/** A flag, its field, its value, a target, the command, or a place in the file. */
function namesFault({ words, input, cwd = "/" }: FuzzedCall, stderr: string): boolean {
  // What a call lacks cannot be named of it.
  if (words.length === 1 || /^xm: (no|nothing|expected|which) [a-z ,]+$/m.test(stderr)) return true;
  // The place of a fault in a file, a process that was acted on, or that there is none.
  if (/\b(apps|static)\[\d+\]|^xm: .+ \(\d+\)[: ]|there are no processes/m.test(stderr))
    return true;
  if (input !== undefined && (/\b(stdin|script)\b/.test(stderr) || quotes(stderr, input)))
    return true;
  return words
    .flatMap((word, index) => namesIn(word, index, cwd))
    .some((name) => stderr.includes(name));
}

/** Whether a message says in quotes what stands in quotes in the input. */
function quotes(stderr: string, input: string): boolean {
  return (stderr.match(/"[^"]+"/g) ?? []).some((text) => input.includes(text));
}

function namesIn(word: string, index: number, cwd: string): string[] {
  // What is missing after a command is told with the command in an example.
  if (index === 0) return [`xm ${word}`, `"${word}"`];
  const [, flag, value = ""] = /^--?(?:no-)?([^=]*)=?(.*)$/s.exec(word) ?? [];
  if (word === "-") return ["stdin", '"-"'];
  if (flag === undefined) return word === "" ? ['""'] : [shown(word), word, resolve(cwd, word)];
  const field = startFlags.find((each) => each.flag === flag)?.field;
  const names = field === undefined ? [] : [field, ...(fieldsByName.get(field)?.aliases ?? [])];
  return [`-${flag}`, ...names, shown(value), value, word].filter(
    (name) => name !== "" && name !== "-",
  );
}

/** As much of a word as a message can be expected to repeat. */
function shown(word: string): string {
  return JSON.stringify(word).slice(1, -1).slice(0, 40);
}
