import { stripVTControlCharacters } from "node:util";
import { renderUsage, type ArgsDef, type CommandDef } from "citty";
import { hasColor } from "../render/colors.ts";

/** A command's help. citty asks neither for a terminal nor for any value of `NO_COLOR` but 1. */
export async function usageOf<T extends ArgsDef>(command: CommandDef<T>): Promise<string> {
  const text = await renderUsage(command);
  return `${hasColor() ? text : stripVTControlCharacters(text)}\n`;
}
