import type { CommandDef } from "citty";

/** A command, loaded when it is called: every file a call does not need is time it does not take. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  // oxlint-disable-next-line typescript/no-explicit-any -- each command has arguments of its own
  readonly load: () => Promise<CommandDef<any>>;
}

export const entry = (
  name: string,
  load: CommandEntry["load"],
  ...aliases: readonly string[]
): CommandEntry => ({ name, aliases, load });

/** The command of a name: `startOrRestart`, and `start-or-restart` as well. */
export function findCommand(
  entries: readonly CommandEntry[],
  name: string | undefined,
): CommandEntry | undefined {
  const isCalled = (wanted: string) => (entry: CommandEntry) =>
    [entry.name, ...entry.aliases].some((each) => each === wanted || kebab(each) === wanted);
  return name === undefined ? undefined : entries.find(isCalled(name));
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]+/g, (capitals) => `-${capitals.toLowerCase()}`);
}
