import { join } from "node:path";
import {
  logrotateDefaults,
  logrotateName,
} from "../../runtime/contract/fields/logrotate-settings.ts";
import { parseDuration } from "../../runtime/contract/fields/units.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import { isGroup } from "../../runtime/client/config/settings.ts";
import { changeSettings } from "../../runtime/client/config/settings-file.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { homePaths, resolveHome } from "../../runtime/host/home/paths.ts";
import { xmCommand } from "../call/command.ts";
import { globals } from "../call/globals.ts";
import { showListAfter } from "../render/show-list.ts";

/** What may be said of how a module is installed. */
export const installArgs = {
  safe: {
    type: "string",
    description: "Go back to the installed version if the new one does not stay up (default: 3s)",
    valueHint: "TIME",
  },
  "allow-scripts": {
    type: "boolean",
    description: "Run the install scripts of the packages (default: they are not run)",
  },
  tarball: { type: "boolean", description: "Accepted for compatibility; no effect" },
} as const;

const usualSafeMs = 3_000;

/** PM2's command for its modules. What one of them does is built in, and its settings are taken. */
export default xmCommand({
  name: "install",
  description: "Installs a module with npm and runs it as an app of the namespace `modules`",
  args: {
    module: {
      type: "positional",
      description: "npm package, folder, archive (.tgz) or git URL; several at once",
      required: false,
    },
    ...installArgs,
  },
  run: async ({ args }) => {
    if (args._.length === 0) {
      throw xmError("ERR_USAGE", {
        what: "no module named",
        fix: "for example `xm install pm2-server-monit`, `xm install ./my-module`",
      });
    }
    await install(args._, args, "`xm install`");
  },
});

/** Installs modules, one after the other, and shows the list. */
export async function install(
  words: readonly string[],
  flags: { readonly safe?: string | undefined; readonly "allow-scripts"?: boolean | undefined },
  by: string,
): Promise<void> {
  const safeMs = safeOf(flags.safe);
  const client = connect();
  let isAny = false;
  for (const word of words) {
    // `pm2-logrotate@latest` too.
    if (word.replace(/@[^@/]*$/, "") === logrotateName) {
      takeLogrotate();
      continue;
    }
    isAny = true;
    const [{ installModule }, { sourceOf }] = await Promise.all([
      import("../modules/install-module.ts"),
      import("../modules/npm.ts"),
    ]);
    await installModule(client, sourceOf(word), {
      folder: modulesFolder(),
      allowsScripts: flags["allow-scripts"] === true,
      safeMs,
      by,
    });
  }
  if (isAny) await showListAfter(client);
}

/** Where a home's modules are: PM2's place. */
export function modulesFolder(): string {
  return join(resolveHome(process.env), "modules");
}

function safeOf(flag: string | undefined): number {
  if (flag === undefined) return 0;
  const ms = flag === "true" ? usualSafeMs : parseDuration(flag);
  if (ms !== undefined && ms > 0 && ms <= 3_600_000) return ms;
  throw xmError("ERR_USAGE", {
    what: `--safe ${flag} is not a time`,
    fix: "for example `--safe 5s`, at most an hour",
  });
}

function takeLogrotate(): void {
  const file = homePaths(resolveHome(process.env)).settings;
  const settings = changeSettings(file, (all) => {
    const own = isGroup(all[logrotateName]) ? all[logrotateName] : {};
    return { ...all, [logrotateName]: { ...logrotateDefaults, ...own } };
  });
  if (globals.isSilent) return;
  const own = settings[logrotateName] as Record<string, unknown>;
  process.stdout.write(
    "log rotation is built in; these settings of pm2-logrotate apply to all log files:\n",
  );
  for (const [name, value] of Object.entries(own))
    process.stdout.write(`  xm set ${logrotateName}:${name} '${String(value)}'\n`);
  process.stdout.write(`\`xm unset ${logrotateName}\` restores Ex Machina's own defaults\n`);
}
