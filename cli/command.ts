import { defineCommand, type ArgsDef, type CommandContext, type CommandDef } from "citty";
import { xmError } from "../runtime/errors.ts";

/** What comes after `--`: the arguments of the program, not ours. */
export interface CallData {
  readonly rest: readonly string[];
}

/** A command of `xm`. Flags it does not know are an error: a typo is not a setting. */
export function xmCommand<const T extends ArgsDef>(definition: {
  readonly name: string;
  readonly description: string;
  readonly args: T;
  readonly run: (context: CommandContext<T> & { data: CallData }) => Promise<void> | void;
}): CommandDef<T> {
  const { name, description, args, run } = definition;
  return defineCommand({
    meta: { name, description },
    args,
    run: async (context) => {
      await checkFlags(context.rawArgs, args);
      await run(context as CommandContext<T> & { data: CallData });
    },
  });
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

async function checkFlags(raw: readonly string[], args: ArgsDef): Promise<void> {
  const known = new Set<string>();
  for (const [name, arg] of Object.entries(args)) {
    if (arg.type === "positional") continue;
    known.add(name);
    if (arg.type === "boolean") known.add(`no-${name}`);
    const { alias = [] } = arg as { alias?: string | string[] };
    for (const other of [alias].flat()) known.add(other);
  }
  for (const word of raw) {
    const flag = /^--?([a-zA-Z][\w-]*)/.exec(word)?.[1];
    if (flag === undefined || known.has(flag)) continue;
    if (!word.startsWith("--") && flag.split("").every((letter) => known.has(letter))) continue;
    const { closest } = await import("fastest-levenshtein");
    const near = closest(flag, [...known]);
    const fix =
      near === "" ? "see `xm --help`" : `did you mean "${near.length === 1 ? "-" : "--"}${near}"?`;
    throw xmError("ERR_USAGE", { what: `no such flag: ${word}`, fix });
  }
}
