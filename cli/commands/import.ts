import { existsSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { importFile, writeEcosystem } from "../../runtime/client/import/index.ts";
import { errnoOf, messageOf, xmError } from "../../runtime/contract/errors.ts";
import { plain } from "../../runtime/contract/plain.ts";
import { xmCommand } from "../call/command.ts";
import { say } from "../render/say.ts";

export default xmCommand({
  name: "import",
  description:
    "Writes an ecosystem file from a Compose file, a process-compose file or a Procfile, and lists what it cannot say",
  args: {
    file: { type: "positional", description: "the file to import", required: true },
    output: {
      type: "string",
      alias: "o",
      description:
        "File to write: .yaml, .yml, .js, .cjs, or `-` for stdout (default: ecosystem.config.yaml)",
      valueHint: "FILE",
    },
    force: { type: "boolean", alias: "f", description: "Replace the file if it exists" },
    strict: { type: "boolean", description: "Exit with 1 if something cannot be said" },
  },
  run: async ({ args }) => {
    const file = resolve(args.file);
    const output = typeof args.output === "string" ? args.output : "ecosystem.config.yaml";
    if (output !== "-" && !/\.(?:ya?ml|c?js)$/.test(output)) {
      throw xmError("ERR_USAGE", {
        what: `cannot write "${output}"`,
        fix: "end its name in .yaml, .yml, .js or .cjs",
      });
    }
    const imported = await importFile(file);
    const text = await writeEcosystem(imported, { name: output, from: plain(basename(file)) });
    if (output === "-") process.stdout.write(text);
    else write(resolve(output), text, args.force === true);
    const { apps, notes } = imported;
    for (const each of notes) process.stderr.write(`xm: not in the file: ${plain(each)}\n`);
    if (output !== "-")
      say(`${output}: ${apps.length} app(s); start them with \`xm start ${output}\`\n`);
    if (notes.length > 0 && args.strict === true) process.exitCode = 1;
  },
});

function write(path: string, text: string, replaces: boolean): void {
  if (!replaces && existsSync(path)) {
    throw xmError("ERR_USAGE", {
      what: `${path} already exists`,
      fix: "name another file with -o, or replace it with --force",
    });
  }
  try {
    writeFileSync(path, text, { flag: replaces ? "w" : "wx" });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw xmError("ERR_USAGE", {
      what: `cannot write ${path}: ${messageOf(error)}`,
      fix: "name another file with -o",
    });
  }
}
