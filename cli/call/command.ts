import { defineCommand, type ArgsDef, type CommandContext, type CommandDef } from "citty";

/** What comes after `--`: the arguments of the program, not ours. */
export interface CallData {
  readonly rest: readonly string[];
}

/** A command of `xm`. */
export function xmCommand<const T extends ArgsDef>(definition: {
  readonly name: string;
  readonly description: string;
  readonly args: T;
  /** What follows `--` is the program's and reaches `run` as `data.rest`; else it is targets that begin with a dash. */
  readonly takesRest?: true;
  readonly run: (context: CommandContext<T> & { data: CallData }) => Promise<void> | void;
}): CommandDef<T> {
  const { name, description, args, run, takesRest } = definition;
  const command = defineCommand({
    meta: { name, description },
    args,
    run: async (context) => {
      await run(context as CommandContext<T> & { data: CallData });
    },
  });
  return takesRest === true ? Object.assign(command, { takesRest }) : command;
}

/** The targets of a call, and the words that are the program's: without a target before `--` they are targets. */
export function targetsAndRest(
  words: readonly string[],
  rest: readonly string[],
): { targets: readonly string[]; rest: readonly string[] } {
  return words.length > 0 ? { targets: words, rest } : { targets: rest, rest: [] };
}

/** The words of a command line that are not flags. */
export const targetArgs = {
  target: {
    type: "positional",
    description: "id, name, namespace, /regex/, file or `all`; several at once",
    required: false,
  },
} as const satisfies ArgsDef;

/** What a restart or a reload may change of the environment. */
export const environmentArgs = {
  "update-env": {
    type: "boolean",
    alias: "a",
    description: "Merge the caller's environment over the app's",
  },
  env: { type: "string", description: "Layer env_NAME of the file over env", valueHint: "NAME" },
} as const satisfies ArgsDef;

/** How a start treats the dependencies of its apps. */
export const dependencyArgs = {
  deps: {
    type: "boolean",
    description: "First start its dependencies (--no-deps: start without them and without waiting)",
  },
} as const satisfies ArgsDef;

/** What a foreground program runs. */
export const programArgs = {
  target: {
    type: "positional",
    description: "script, command in quotes or ecosystem file; defaults to ./ecosystem.config.*",
    required: false,
  },
} as const satisfies ArgsDef;

/** What is taken of an ecosystem file. */
export const fileArgs = {
  env: environmentArgs.env,
  only: {
    type: "string",
    description: "Only these apps (comma-separated)",
    valueHint: "NAMES",
  },
  profile: {
    type: "string",
    description: "Also the apps of this profile; repeatable, `*` for all; also XM_PROFILES",
    valueHint: "NAME",
  },
} as const satisfies ArgsDef;
