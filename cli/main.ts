import { findCommand } from "./call/entry.ts";
import { everyday } from "./everyday.ts";
import { globals } from "./call/globals.ts";
import { reportError } from "./call/report-error.ts";
import { guardOutput } from "./render/terminal.ts";
import { readCall, runEntry } from "./call/run.ts";

/** What names no command. */
const frontWords: ReadonlySet<string> = new Set(["help", "--help", "-h", "--version", "-v"]);

/** `xm`: contains the frequent commands; all others are in a file that these do not load. */
async function main(words: readonly string[]): Promise<void> {
  const call = readCall(words);
  const found = findCommand(everyday, call.name);
  if (found !== undefined && !call.wantsHelp && !globals.isForeground) return runEntry(found, call);
  if (call.name !== undefined && frontWords.has(call.name)) {
    const { frontPage } = await import("./front.ts");
    process.stdout.write(frontPage(call.name));
    return;
  }
  const { runAny } = await import("./all.ts");
  await runAny(words);
}

guardOutput(process.stdout);
guardOutput(process.stderr);
// A reader that closes its end (`xm logs | head`) is not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});
main(process.argv.slice(2)).catch(reportError);
