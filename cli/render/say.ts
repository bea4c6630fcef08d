import { globals } from "../call/globals.ts";

/** Prints what was done, possibly several lines; nothing with `--silent`. */
export function say(text: string): void {
  if (!globals.isSilent) process.stdout.write(text);
}

/** Not a failure, but worth a line where people will see it. */
export function warn(text: string): void {
  if (!globals.isSilent) process.stderr.write(`xm: ${text}\n`);
}
