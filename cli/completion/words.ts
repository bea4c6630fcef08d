import type { ArgDef, ArgsDef, CommandDef } from "citty";
import type { CommandEntry } from "../call/entry.ts";
import { globalFlags as global } from "../call/globals.ts";

/** What can be completed of one command. */
export interface CommandWords {
  /** Its name and its other names. */
  readonly names: readonly string[];
  readonly description: string;
  readonly flags: readonly FlagWords[];
  /** Words that can follow it. */
  readonly values: readonly string[];
  /** Names of processes can follow it. */
  readonly takesProcesses: boolean;
  readonly takesFiles: boolean;
}

export interface FlagWords {
  /** With their dashes. */
  readonly names: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
}

/** The words of every command, from the commands themselves. */
export function wordsOf(commands: readonly CommandEntry[]): Promise<CommandWords[]> {
  return Promise.all(
    commands.map(async ({ name, aliases, load }) => {
      const command = await load();
      const args = (await resolve<ArgsDef | undefined>(command.args)) ?? {};
      const positional = Object.entries(args).filter(([, { type }]) => type === "positional");
      const subCommands = Object.keys((await resolve(command.subCommands)) ?? {});
      return {
        names: [name, ...aliases],
        description: await descriptionOf(command),
        flags: [...Object.entries(args).flatMap(flagOf), ...globalFlags],
        values: [...subCommands, ...positional.flatMap(([, arg]) => choicesIn(arg))],
        takesProcesses: positional.some(([arg]) => arg === "target" || arg === "app"),
        takesFiles: positional.some(isFile),
      };
    }),
  );
}

/** The flags that every command accepts anywhere. */
export const globalFlags: readonly FlagWords[] = [
  ...global.map(([flag, description]) => ({
    names: flag.match(/--?[a-z][a-z-]*/g) ?? [],
    description: description.replaceAll("`", ""),
    takesValue: / [A-Z]/.test(flag),
  })),
  { names: ["--help", "-h"], description: "Tells more", takesValue: false },
];

function flagOf([name, arg]: [string, ArgDef]): FlagWords[] {
  if (arg.type === "positional") return [];
  const { alias = [], description = "" } = arg as {
    alias?: string | string[];
    description?: string;
  };
  const names = [name, ...[alias].flat()].map((each) =>
    each.length === 1 ? `-${each}` : `--${each}`,
  );
  const negated =
    arg.type === "boolean" && description.includes(`--no-${name}`) ? [`--no-${name}`] : [];
  return [{ names: [...names, ...negated], description, takesValue: arg.type !== "boolean" }];
}

/** A description lists the possible words in backticks. */
function choicesIn({ description = "" }: ArgDef): string[] {
  return [...description.matchAll(/`([a-z][a-z-]+)`/g)].map(([, word = ""]) => word);
}

function isFile([name, { description = "" }]: [string, ArgDef]): boolean {
  return name === "folder" || name === "home" || /\bfile\b/.test(description);
}

async function descriptionOf(command: CommandDef): Promise<string> {
  return (await resolve(command.meta))?.description ?? "";
}

async function resolve<T>(value: T | (() => T) | (() => Promise<T>) | Promise<T>): Promise<T> {
  return typeof value === "function" ? (value as () => Promise<T>)() : value;
}
