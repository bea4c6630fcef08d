import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { AppSpec } from "../../machines/spec.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import { callerVariables } from "../../runtime/client/config/environment.ts";
import { plain } from "../../runtime/contract/plain.ts";
import { errnoOf, messageOf, xmError } from "../../runtime/contract/errors.ts";
import { homePaths, resolveHome } from "../../runtime/host/home/paths.ts";
import { readApps } from "../apps/read-apps.ts";
import { resolveTargets } from "../apps/targets.ts";
import { fileArgs, xmCommand } from "../call/command.ts";
import { say, warn } from "../render/say.ts";
import type { Exported, ExportedFile } from "../export/contract.ts";

const formats = ["systemd", "compose", "k8s"] as const;
type Format = (typeof formats)[number];

export default xmCommand({
  name: "export",
  description:
    "Writes systemd units, a Compose file or Kubernetes manifests of the apps, and names what these cannot do",
  args: {
    format: { type: "positional", description: formats.join(", "), required: false },
    target: {
      type: "positional",
      description: "id, name, namespace or /regex/; default: all apps of the list or of the file",
      required: false,
    },
    file: {
      type: "string",
      description: "Export the apps of this ecosystem file (default: those of the list)",
      valueHint: "FILE",
    },
    ...fileArgs,
    output: {
      type: "string",
      alias: "o",
      description: "Write into this folder, or into this file (default: print)",
      valueHint: "PATH",
    },
    image: {
      type: "string",
      description: "Container image of the apps",
      valueHint: "IMAGE",
    },
    force: { type: "boolean", alias: "f", description: "Replace existing files" },
  },
  run: async ({ args }) => {
    const [format, ...targets] = args._;
    if (!isFormat(format)) {
      throw xmError("ERR_USAGE", {
        what: format === undefined ? "no format named" : `no format "${format}"`,
        fix: `expected ${formats.join(", ")}: for example \`xm export systemd api\``,
      });
    }
    const { file, only, profile, env: environment } = args;
    const specs =
      file === undefined
        ? await specsOfList(targets, { only, profile, environment })
        : await specsOfFile(file, targets, { only, profile, environment });
    const output = outputOf(format, args.output);
    const { exportApps } = await import("../export/index.ts");
    const home = homePaths(resolveHome(process.env));
    const exported = await exportApps(
      format,
      {
        specs,
        caller: file === undefined ? callerVariables(process.env) : {},
        path: process.env["PATH"],
        logs: home.logs,
      },
      { folder: output.folder, image: args.image },
    );
    if (output.folder !== undefined) writeAll(output.folder, exported.files, args.force === true);
    else if (output.file !== undefined) writeOne(output.file, exported.files, args.force === true);
    else process.stdout.write(joined(format, exported.files));
    tellNotes(exported, file === undefined);
  },
});

function isFormat(word: string | undefined): word is Format {
  return formats.includes(word as Format);
}

interface FileChoice {
  readonly only: string | undefined;
  readonly profile: string | undefined;
  readonly environment: string | undefined;
}

/** With no variable of the caller's among those of an app: a file says which are its own. */
function specsOfFile(
  file: string,
  targets: readonly string[],
  { only, profile, environment }: FileChoice,
): Promise<AppSpec[]> {
  const names = [...targets, ...(only === undefined ? [] : [only])];
  return readApps(file, {
    only: names.length === 0 ? undefined : names.join(","),
    profile,
    environment,
    complete: (app) => ({ ...app, filter_env: true }),
  });
}

/** One of each app, with as many instances as it has processes. */
async function specsOfList(targets: readonly string[], choice: FileChoice): Promise<AppSpec[]> {
  for (const [flag, value] of Object.entries(choice)) {
    if (value === undefined) continue;
    const name = flag === "environment" ? "env" : flag;
    throw xmError("ERR_USAGE", {
      what: `--${name} is about an ecosystem file, and --file names none`,
      fix: `for example \`xm export systemd --file ecosystem.config.js --${name} ${value}\``,
    });
  }
  const client = connect();
  const chosen = await resolveTargets(client, targets.length === 0 ? ["all"] : targets);
  const list = await client.list();
  const first = new Map<string, number>();
  for (const { app, id } of chosen) if (!first.has(app)) first.set(app, id);
  const specs = [...first].map(async ([app, id]) => {
    const { spec } = await client.detail(id);
    return { ...spec, instances: list.filter((each) => each.app === app).length };
  });
  return Promise.all(specs);
}

/** Units are several files; the others are one file by a name that ends as one. */
function outputOf(
  format: Format,
  path: string | undefined,
): { readonly folder?: string | undefined; readonly file?: string | undefined } {
  if (path === undefined) return {};
  if (path === "") {
    throw xmError("ERR_USAGE", {
      what: "--output needs the path of a folder or a file",
      fix: `for example \`xm export ${format} -o out\``,
    });
  }
  const full = resolve(path);
  const isFolder = existsSync(full) && statSync(full).isDirectory();
  const namesFile = format === "systemd" ? path.endsWith(".service") : /\.ya?ml$/i.test(path);
  return namesFile && !isFolder ? { file: full } : { folder: full };
}

function writeAll(folder: string, files: readonly ExportedFile[], replaces: boolean): void {
  const existing = files.map(({ name }) => join(folder, name)).find((path) => existsSync(path));
  if (existing !== undefined && !replaces) throw alreadyThere(existing);
  for (const { name, text, mode } of files) {
    const path = join(folder, name);
    makeFolder(folder);
    makeFolder(dirname(path));
    writeNew(path, text, mode);
    say(`${plain(path)}\n`);
  }
}

function writeOne(path: string, files: readonly ExportedFile[], replaces: boolean): void {
  if (existsSync(path) && !replaces) throw alreadyThere(path);
  const [file, ...others] = files;
  if (file === undefined) return;
  if (basename(path).endsWith(".service") && others.length > 0) {
    throw xmError("ERR_USAGE", {
      what: `these are ${files.length} files: ${files.map(({ name }) => name).join(", ")}`,
      fix: `name a folder: \`-o ${dirname(path)}\``,
    });
  }
  makeFolder(dirname(path));
  writeNew(path, joined("k8s", files), file.mode);
  say(`${plain(path)}\n`);
}

/** Not `recursive`: for a folder that the kernel refuses, such as one in /proc, Node 20 would not return. */
function makeFolder(path: string): void {
  writing(path, () => {
    if (!existsSync(path)) mkdirSync(path);
  });
}

/** A file of its own: nothing is written through a link, and nobody has it open to read what replaces it. */
function writeNew(path: string, text: string, mode: number): void {
  writing(path, () => {
    rmSync(path, { force: true });
    writeFileSync(path, text, { mode, flag: "wx" });
  });
}

function writing(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw xmError("ERR_USAGE", {
      what: `${path} cannot be written: ${messageOf(error)}`,
      fix: "name a folder that exists and that you can write to with -o",
    });
  }
}

function alreadyThere(file: string): Error {
  return xmError("ERR_FILE_EXISTS", { file, fix: "`xm export … --force` replaces it" });
}

/** Units one after the other with their names; documents of YAML. */
function joined(format: Format, files: readonly ExportedFile[]): string {
  if (format !== "systemd") return files.map(({ text }) => text).join("---\n");
  if (files.length === 1) return files[0]?.text ?? "";
  return files.map(({ name, text }) => `# ${name}\n${text}`).join("\n");
}

function tellNotes({ notes }: Exported, isOfList: boolean): void {
  if (isOfList)
    warn(
      "the list does not keep which variables are an app's own: those that this shell has with the same value are left out; --file FILE takes exactly those of the file",
    );
  if (notes.length === 0) return;
  warn("not the same there:");
  for (const { app, field, why } of notes) warn(`  ${plain(`${app}: ${field}: ${why}`)}`);
}
