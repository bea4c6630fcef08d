import { globals } from "../call/globals.ts";

/** Prints what was done, as text that may hold several lines; with `--silent` nobody wants to know. */
export function say(text: string): void {
  if (!globals.isSilent) process.stdout.write(text);
}

/** Something that is no failure, and is worth a line where people look. */
export function warn(text: string): void {
  if (!globals.isSilent) process.stderr.write(`xm: ${text}\n`);
}
