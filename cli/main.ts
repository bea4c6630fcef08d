import { commands } from "./commands/index.ts";
import { reportError } from "./report-error.ts";

/** `xm`: finds the command, loads it and runs it. */
async function main(words: readonly string[]): Promise<void> {
  const dashes = words.indexOf("--");
  const own = dashes < 0 ? words : words.slice(0, dashes);
  const rest = dashes < 0 ? [] : words.slice(dashes + 1);
  const args = takeGlobalFlags(own);
  const [name, ...rawArgs] = args;
  if (name === "--version" || name === "-v") {
    const { version } = await import("../runtime/version.ts");
    process.stdout.write(`${version}\n`);
    return;
  }
  const found = commands.find((entry) => entry.name === name || entry.aliases.includes(name ?? ""));
  const wantsHelp = rawArgs.includes("--help") || rawArgs.includes("-h");
  if (found === undefined || wantsHelp) {
    const { showHelp } = await import("./help.ts");
    await showHelp({ name, found });
    return;
  }
  const [{ runCommand }, command] = await Promise.all([import("citty"), found.load()]);
  await runCommand(command, { rawArgs: fillOptionalValues(rawArgs), data: { rest } });
}

/** Flags whose value may be left out, as PM2's `--watch [paths]`. */
const optionalValues: readonly string[] = ["--watch", "--timestamp"];

/** A flag without its optional value takes `true`, and not the flag that follows it. */
function fillOptionalValues(words: readonly string[]): string[] {
  return words.map((word, index) => {
    const next = words[index + 1];
    const isAlone = next === undefined || next.startsWith("-");
    return optionalValues.includes(word) && isAlone ? `${word}=true` : word;
  });
}

/** Flags that every command takes, wherever they stand. */
function takeGlobalFlags(words: readonly string[]): string[] {
  const args: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "--no-color") process.env["NO_COLOR"] = "1";
    else if (word === "--silent" || word === "-s") process.env["XM_SILENT"] = "1";
    else if (word === "--hp") process.env["XM_HOME"] = words[(index += 1)];
    else args.push(word);
  }
  return args;
}

// A reader that has had enough (`xm logs | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});
main(process.argv.slice(2)).catch(reportError);
