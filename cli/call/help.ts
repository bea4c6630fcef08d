import { xmError } from "../../runtime/contract/errors.ts";
import type { CommandEntry } from "./entry.ts";
import { commands } from "../commands/index.ts";
import { overview } from "../front.ts";
import { globalFlags } from "./globals.ts";

/** Help for one command; no command at all, or an unknown one, is an error. */
export async function showHelp(call: {
  readonly name: string | undefined;
  readonly found: CommandEntry | undefined;
}): Promise<void> {
  const { name, found } = call;
  if (found !== undefined) {
    const { usageOf } = await import("./usage.ts");
    process.stdout.write(await usageOf(await found.load()));
    return;
  }
  if (name !== undefined) throw await unknownCommand(name);
  process.stderr.write(overview);
  process.exitCode = 1;
}

/** The commands and global flags, a line each. */
export async function helpText(): Promise<string> {
  const lines = await Promise.all(
    commands.map(async (entry) => {
      const { meta } = await entry.load();
      const { description = "" } = (await (typeof meta === "function" ? meta() : meta)) ?? {};
      return `  ${[entry.name, ...entry.aliases].join(", ").padEnd(27)} ${description}`;
    }),
  );
  const global = globalFlags.map(([flag, meaning]) => `  ${flag.padEnd(27)} ${meaning}`);
  return `xm <command> [arguments]\n\n${lines.join("\n")}\n\n${global.join("\n")}\n\nRun xm <command> --help for details.\n`;
}

async function unknownCommand(name: string): Promise<Error> {
  const { absentCommand } = await import("./absent.ts");
  const absent = absentCommand(name);
  if (absent !== undefined) return absent;
  const { nearest } = await import("../../runtime/client/targets/nearest.ts");
  const near = nearest(
    name,
    commands.flatMap((entry) => [entry.name, ...entry.aliases]),
  );
  return xmError("ERR_USAGE", {
    what: `no command "${name}"`,
    fix: `${near === undefined ? "" : `did you mean "${near}"? `}\`xm --help\` lists them`,
  });
}
