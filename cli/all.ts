import { findCommand } from "./call/entry.ts";
import { commands } from "./commands/index.ts";
import { globals } from "./call/globals.ts";
import { reportError } from "./call/report-error.ts";
import { readCall, runEntry } from "./call/run.ts";

/** Runs whatever command a call names. A bundle of its own, so it reports its own errors. */
export function runAny(words: readonly string[]): Promise<void> {
  return run(words).catch(reportError);
}

async function run(words: readonly string[]): Promise<void> {
  const call = readCall(words);
  const { name } = call;
  const found = findCommand(commands, name);
  if (found !== undefined && !call.wantsHelp) {
    if (!globals.isForeground) return runEntry(found, call);
    const { inForeground } = await import("./call/foreground.ts");
    return runEntry(found, call, inForeground);
  }
  const { showHelp } = await import("./call/help.ts");
  await showHelp({ name, found });
}
