import { xmError } from "../../runtime/contract/errors.ts";
import { checkedSort } from "../render/sort.ts";

/** The flags that every command takes, in any position. */
export interface Globals {
  /** Results only: no tables, no progress. `--silent`, `-s`, `PM2_SILENT`, `PM2_DISCRETE_MODE`. */
  isSilent: boolean;
  /** `--no-color` */
  hasNoColor: boolean;
  /** A few lines per process instead of a table: `--mini-list`, `-m`. */
  isMini: boolean;
  /** `--sort FIELD:asc|desc` */
  sort: string | undefined;
  /** The daemon runs in the foreground for as long as the call does: `--no-daemon`. */
  isForeground: boolean;
  /** The processes are shown what they write, once they are started: `--attach`. */
  attaches: boolean;
  /** At most this many at a time: `--parallel`, `PM2_CONCURRENT_ACTIONS`. */
  parallel: number;
}

/** A call's own; kept here and not in the environment, which goes to the apps that it starts. */
export const globals: Globals = {
  isSilent: isSet("PM2_SILENT") || isSet("PM2_DISCRETE_MODE"),
  hasNoColor: false,
  isMini: false,
  sort: undefined,
  isForeground: false,
  attaches: false,
  parallel: Number(process.env["PM2_CONCURRENT_ACTIONS"]) || Number.POSITIVE_INFINITY,
};

function isSet(name: string): boolean {
  const value = process.env[name];
  return value !== undefined && value !== "" && value !== "false" && value !== "0";
}

/** The flags themselves, for help and for the reference. */
export const globalFlags: readonly (readonly [flag: string, meaning: string])[] = [
  ["--silent, -s", "Print only the requested output; also `PM2_SILENT=true`"],
  ["--mini-list, -m", "A few lines per process instead of the table"],
  [
    "--sort FIELD[:desc]",
    "Sort the table by name, id, pid, memory, cpu, status, uptime or restarts",
  ],
  ["--no-color", "No colours; also `NO_COLOR`"],
  ["--hp HOME", "Home folder; overrides `XM_HOME` and `PM2_HOME`"],
  [
    "--no-daemon",
    "Run the daemon in the foreground and show every log; Ctrl-C ends it and its apps",
  ],
  ["--attach", "Follow the logs of the started processes; Ctrl-C leaves them running"],
  ["--parallel N", "Restart, stop, delete or deploy to no more than N at a time"],
];

/**
 * Takes the global flags out of the words of a call; what follows `--` is not given to it.
 * @throws `ERR_USAGE` for a value that cannot be: before the call has done anything.
 */
export function takeGlobalFlags(words: readonly string[]): string[] {
  const args: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const [word, attached] = split(words[index] ?? "");
    const value = (): string | undefined => attached ?? words[(index += 1)];
    if (word === "--no-color") globals.hasNoColor = true;
    else if (word === "--silent" || word === "-s") globals.isSilent = true;
    else if (word === "--mini-list" || word === "-m") globals.isMini = true;
    else if (word === "--sort") globals.sort = checkedSort(value() ?? "");
    else if (word === "--no-daemon") globals.isForeground = true;
    else if (word === "--attach") globals.attaches = true;
    else if (word === "--parallel") globals.parallel = countOf(value() ?? "");
    else if (word === "--hp") process.env["XM_HOME"] = value() ?? "";
    else args.push(words[index] ?? "");
  }
  return args;
}

function countOf(value: string): number {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw xmError("ERR_USAGE", {
    what: `expected a number of 1 or more in --parallel "${value}"`,
    fix: "for example `--parallel 4`",
  });
}

/** `--sort=name` is two words in one. */
function split(word: string): [word: string, value?: string] {
  const at = word.startsWith("--") ? word.indexOf("=") : -1;
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}
