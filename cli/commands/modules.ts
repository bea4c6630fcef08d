import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { plain } from "../../runtime/contract/plain.ts";
import { logrotateName } from "../../runtime/contract/fields/logrotate-settings.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import { withoutSetting } from "../../runtime/client/config/settings.ts";
import { changeSettings } from "../../runtime/client/config/settings-file.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { homePaths, resolveHome } from "../../runtime/host/home/paths.ts";
import { logicalCwd } from "../../runtime/host/logical-cwd.ts";
import { xmCommand } from "../call/command.ts";
import { npm } from "../modules/npm.ts";
import { sampleModule } from "../modules/sample.ts";
import { endModule, moduleNamed } from "../modules/run-module.ts";
import { findInstalled, installedModules, isModuleName, removeModule } from "../modules/store.ts";
import { say } from "../render/say.ts";
import { showListAfter } from "../render/show-list.ts";
import { install, installArgs, modulesFolder } from "./install.ts";

const namesArg = {
  module: { type: "positional", description: "name; several at once", required: false },
} as const;

const folderArg = {
  folder: { type: "positional", description: "default: this folder", required: false },
} as const;

export const uninstall = xmCommand({
  name: "uninstall",
  description: "Stops modules and removes them; their settings are kept",
  args: namesArg,
  run: async ({ args }) => {
    const client = connect();
    for (const name of wanted(args._, "uninstall")) {
      if (name === logrotateName) {
        const { settings } = homePaths(resolveHome(process.env));
        changeSettings(settings, (all) => withoutSetting(all, [logrotateName]));
        say("log rotation is built in, with its own defaults again\n");
        continue;
      }
      const folder = modulesFolder();
      // An app of the list whose folder was removed by hand goes too.
      if (findInstalled(folder, name) === undefined && !(await moduleNamed(client, name)))
        throw notInstalled(name);
      await endModule(client, name, "`xm uninstall`");
      if (isModuleName(name)) removeModule(folder, name);
      say(`module ${plain(name)} is removed\n`);
    }
    await showListAfter(client);
  },
});

export const update = xmCommand({
  name: "module:update",
  description: "Installs the newest version of modules, from where they were installed",
  args: { ...namesArg, ...installArgs },
  run: async ({ args }) => {
    const sources = wanted(args._, "module:update").map((name) => {
      if (name === logrotateName) return name;
      const found = findInstalled(modulesFolder(), name);
      if (found === undefined) throw notInstalled(name);
      // `name@1.2` was installed as that version; an update is wanted now.
      const isPackage = found.source === name || found.source.startsWith(`${name}@`);
      return isPackage ? `${name}@latest` : found.source;
    });
    await install(sources, args, "`xm module:update`");
  },
});

export const generate = xmCommand({
  name: "module:generate",
  description: "Writes a sample module into a new folder",
  args: {
    name: { type: "positional", description: "name of the module and its folder", required: false },
  },
  run: ({ args }) => {
    const [name] = args._;
    if (name === undefined || !isModuleName(name)) {
      throw xmError("ERR_USAGE", {
        what:
          name === undefined ? "no name given" : `${JSON.stringify(name)} is not a name of npm's`,
        fix: "for example `xm module:generate my-module`",
      });
    }
    const folder = resolve(logicalCwd(), basename(name));
    if (existsSync(folder)) {
      throw xmError("ERR_FILE_EXISTS", { file: folder, fix: "choose another name" });
    }
    mkdirSync(folder);
    for (const file of sampleModule(name)) writeFileSync(join(folder, file.name), file.text);
    say(`${plain(folder)}\n  cd ${plain(basename(name))} && xm install .\n`);
  },
});

export const pack = xmCommand({
  name: "package",
  description: "Packs the module of a folder into an archive for `xm install`, with `npm pack`",
  args: folderArg,
  run: ({ args }) => inFolder(args._, ["pack", "--loglevel=error"]),
});

export const publish = xmCommand({
  name: "publish",
  description: "Publishes the module of a folder with `npm publish`",
  args: {
    ...folderArg,
    "dry-run": { type: "boolean", description: "Only show what would be published" },
  },
  run: ({ args }) =>
    inFolder(args._, args["dry-run"] === true ? ["publish", "--dry-run"] : ["publish"]),
});

/** What npm makes of a folder is written here, as its name is printed. */
async function inFolder([word]: readonly string[], words: readonly string[]): Promise<void> {
  const folder = resolve(logicalCwd(), word ?? ".");
  if (!existsSync(join(folder, "package.json")) || !statSync(folder).isDirectory()) {
    throw xmError("ERR_USAGE", {
      what: `${folder} has no package.json`,
      fix: "name the folder of a module; `xm module:generate NAME` writes one",
    });
  }
  const code = await npm([...words, "--", folder], logicalCwd(), folder);
  if (code !== 0) process.exitCode = code;
}

function wanted(words: readonly string[], command: string): readonly string[] {
  if (words.length > 0) return words;
  const names = installedModules(modulesFolder()).map(({ name }) => name);
  throw xmError("ERR_USAGE", {
    what: "no module named",
    fix:
      names.length === 0
        ? "none is installed; `xm install NAME` installs one"
        : `for example \`xm ${command} ${names[0]}\`; installed: ${names.join(", ")}`,
  });
}

function notInstalled(name: string): Error {
  const names = installedModules(modulesFolder()).map((each) => each.name);
  return xmError("ERR_MODULE_NOT_INSTALLED", { name, names });
}
