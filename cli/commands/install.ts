import {
  logrotateDefaults,
  logrotateName,
} from "../../runtime/contract/fields/logrotate-settings.ts";
import { isGroup } from "../../runtime/client/config/settings.ts";
import { changeSettings } from "../../runtime/client/config/settings-file.ts";
import { modules } from "../../runtime/client/pm2/absent.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { homePaths, resolveHome } from "../../runtime/host/home/paths.ts";
import { xmCommand } from "../call/command.ts";
import { globals } from "../call/globals.ts";

/** PM2's command for its modules. What one of them does is built in, and its settings are taken. */
export default xmCommand({
  name: "install",
  description: "pm2-logrotate only: applies its settings to the built-in rotation of all log files",
  args: { module: { type: "positional", description: "pm2-logrotate", required: false } },
  run: ({ args }) => {
    const [wanted = ""] = args._;
    // `pm2-logrotate@latest` too.
    if (wanted.replace(/@[^@/]*$/, "") !== logrotateName) {
      const { what, fix } = modules;
      throw xmError("ERR_COMMAND_ABSENT", { what: `\`xm install ${wanted}\`: ${what}`, fix });
    }
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
  },
});
