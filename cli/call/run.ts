import { xmError } from "../../runtime/contract/errors.ts";
import type { CommandEntry } from "./entry.ts";
import { takeGlobalFlags } from "./globals.ts";

/** The words of a call, taken apart. */
export interface Call {
  /** The command, if any is named. */
  readonly name: string | undefined;
  readonly rawArgs: readonly string[];
  /** What follows `--`: the program's arguments and not ours. */
  readonly rest: readonly string[];
  readonly wantsHelp: boolean;
}

/** Takes the words of a call apart, and notes its global flags. */
export function readCall(words: readonly string[]): Call {
  const dashes = words.indexOf("--");
  const own = dashes < 0 ? words : words.slice(0, dashes);
  const rest = dashes < 0 ? [] : words.slice(dashes + 1);
  const [name, ...rawArgs] = takeGlobalFlags(own);
  const wantsHelp = rawArgs.includes("--help") || rawArgs.includes("-h");
  return { name, rawArgs, rest, wantsHelp };
}

/**
 * Loads a command and runs it.
 * @param around what runs it; a daemon in the foreground has more to do.
 */
export async function runEntry(
  entry: CommandEntry,
  { rawArgs, rest }: Call,
  around: (run: () => Promise<void>) => Promise<void> = (run) => run(),
): Promise<void> {
  const [{ runCommand }, { prepareWords }, command] = await Promise.all([
    import("citty"),
    import("./words.ts"),
    entry.load(),
  ]);
  const args = await (typeof command.args === "function" ? command.args() : command.args);
  if (command.subCommands) expectSubCommand(entry.name, Object.keys(command.subCommands), rawArgs);
  const prepared = command.subCommands ? [...rawArgs] : await prepareWords(rawArgs, args ?? {});
  await around(async () => {
    // A parser takes what follows `--` for words, whatever it begins with.
    const isOurs = rest.length > 0 && !("takesRest" in command);
    const words = isOurs ? [...prepared, "--", ...rest] : prepared;
    await runCommand(command, { rawArgs: words, data: { rest } });
  });
}

function expectSubCommand(
  name: string,
  known: readonly string[],
  [given]: readonly string[],
): void {
  if (given !== undefined && known.includes(given)) return;
  throw xmError("ERR_USAGE", {
    what: given === undefined ? `${name}: no action named` : `no such action of ${name}: ${given}`,
    fix: `there is ${known.map((each) => `\`xm ${name} ${each}\``).join(" and ")}`,
  });
}
