import { commands, findCommand } from "./commands/index.ts";
import { globals, takeGlobalFlags } from "./globals.ts";
import { reportError } from "./report-error.ts";

/** `xm`: finds the command, loads it and runs it. */
async function main(words: readonly string[]): Promise<void> {
  const dashes = words.indexOf("--");
  const own = dashes < 0 ? words : words.slice(0, dashes);
  const rest = dashes < 0 ? [] : words.slice(dashes + 1);
  const [name, ...rawArgs] = takeGlobalFlags(own);
  if (name === "--version" || name === "-v") {
    const { version } = await import("../runtime/version.ts");
    process.stdout.write(`${version}\n`);
    return;
  }
  const found = findCommand(commands, name);
  const wantsHelp = rawArgs.includes("--help") || rawArgs.includes("-h");
  if (found === undefined || wantsHelp) {
    const { showHelp } = await import("./help.ts");
    await showHelp({ name, found });
    return;
  }
  const [{ runCommand }, { prepareWords }, command] = await Promise.all([
    import("citty"),
    import("./words.ts"),
    found.load(),
  ]);
  const args = await (typeof command.args === "function" ? command.args() : command.args);
  const prepared = command.subCommands ? rawArgs : await prepareWords(rawArgs, args ?? {});
  const run = async (): Promise<void> => {
    await runCommand(command, { rawArgs: prepared, data: { rest } });
  };
  if (!globals.isForeground) return run();
  const { inForeground } = await import("./foreground.ts");
  await inForeground(run);
}

// A reader that has had enough (`xm logs | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});
main(process.argv.slice(2)).catch(reportError);
