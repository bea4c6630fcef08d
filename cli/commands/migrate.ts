import { resolve } from "node:path";
import type { AppSpec } from "../../machines/spec.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import type { Client } from "../../runtime/client/connection/types.ts";
import { specsFromPm2 } from "../../runtime/client/pm2/from-pm2.ts";
import { endPm2, readPm2Home, type Pm2Home } from "../../runtime/client/pm2/pm2-home.ts";
import { flatSettings, isGroup } from "../../runtime/client/config/settings.ts";
import { changeSettings } from "../../runtime/client/config/settings-file.ts";
import {
  logrotateDefaults,
  logrotateName,
} from "../../runtime/contract/fields/logrotate-settings.ts";
import { homePaths, type HomePaths } from "../../runtime/host/home/paths.ts";
import { xmCommand } from "../call/command.ts";
import { globals } from "../call/globals.ts";
import { formatTime } from "../render/format.ts";
import { printList } from "../render/list.ts";

export default xmCommand({
  name: "migrate",
  description: "Imports a PM2 home: its saved apps with their log files, and its settings",
  args: {
    home: {
      type: "positional",
      description: "PM2's home; default: PM2_HOME or ~/.pm2",
      required: false,
    },
    "take-over": {
      type: "boolean",
      description: "Stop PM2 and its apps, then start them here (default: leave PM2 running)",
    },
  },
  run: async ({ args }) => {
    const [wanted] = args._;
    const pm2 = readPm2Home(wanted === undefined ? undefined : resolve(wanted));
    const client = connect();
    await migrate(client, pm2, args["take-over"] === true);
    printList(await client.list({ metrics: true }));
  },
});

async function migrate(client: Client, pm2: Pm2Home, takesOver: boolean): Promise<void> {
  const paths = homePaths(client.home);
  const { apps, notes } = await specsFromPm2(pm2.entries, paths);
  tellList(pm2);
  // Settings first: an app gets its own of them when it starts.
  takeSettings(pm2, paths);
  const waiting = apps.map((app) => ({ ...app, autostart: false }));
  if (pm2.daemonPid === null) await declare(client, apps);
  // PM2 rewrites its list when it ends: it is here before that, whatever happens then.
  else await declare(client, waiting);
  if (pm2.daemonPid !== null && takesOver) {
    tell(`stopping PM2 (pid ${pm2.daemonPid}) and its apps …`);
    await endPm2(pm2);
    await declare(client, apps, { isSecond: true });
  }
  for (const note of [...pm2.notes, ...notes]) fail(note);
  for (const module of pm2.modules) {
    if (module === logrotateName) tell(`${module} is built in; its settings were imported`);
    else
      tell(
        `not imported: the module ${module}; \`xm install ${module}\` runs it here, with its settings`,
      );
  }
  if (pm2.daemonPid !== null && !takesOver) {
    tell(
      `PM2 is still running (pid ${pm2.daemonPid}), so its apps are declared here but not started: two copies would compete for ports.`,
    );
    tell("`xm migrate --take-over` stops PM2 and starts them here.");
  }
}

function tellList({ list, entries, folder, daemonPid }: Pm2Home): void {
  if (list === null) return fail(`${folder} has no saved list: run \`pm2 save\`, then try again`);
  tell(`${list.file}: ${entries.length} process(es), saved ${formatTime(list.savedAt)}`);
  if (daemonPid !== null) tell("it does not contain later changes: `pm2 save` saves them");
}

/** What is set here already stays. */
function takeSettings(pm2: Pm2Home, { settings: file, home }: HomePaths): void {
  const { folder } = pm2;
  const settings = withLogrotate(pm2);
  const count = flatSettings(settings).length;
  if (count === 0 || folder === home) return;
  changeSettings(file, (own) => mergeBelow(settings, own));
  tell(`${count} setting(s) of module_conf.json`);
}

/** Its files stay rotated as before: a module without settings has its own defaults. */
function withLogrotate({ settings, modules }: Pm2Home): Pm2Home["settings"] {
  if (!modules.includes(logrotateName)) return settings;
  return mergeBelow({ [logrotateName]: logrotateDefaults }, settings);
}

function mergeBelow(below: object, above: object): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const other = merged[key];
    merged[key] = isGroup(value) && isGroup(other) ? mergeBelow(other, value) : value;
  }
  return merged;
}

/** Apps that are here already are left; those that were declared to wait, and never ran, are started now. */
async function declare(
  client: Client,
  apps: readonly AppSpec[],
  { isSecond = false } = {},
): Promise<void> {
  const here = new Map(
    (await client.list()).map((each) => [`${each.namespace}/${each.name}`, each]),
  );
  const isHere = ({ namespace, name }: AppSpec): boolean => here.has(`${namespace}/${name}`);
  const added = apps.filter((app) => !isHere(app));
  const known = apps.filter(isHere);
  const resumed = known.filter((app) => {
    const { status, lastExit } = here.get(`${app.namespace}/${app.name}`) ?? {};
    return app.autostart && status === "stopped" && lastExit === null;
  });
  for (const app of isSecond ? [] : known.filter((each) => !resumed.includes(each)))
    tell(`${app.name}: is already declared and left unchanged`);
  const by = "`xm migrate`";
  for (const [some, treatment] of [
    [added, "leave"],
    [resumed, "restart"],
  ] as const) {
    if (some.length === 0) continue;
    for await (const { ok, name, id, message, status } of client.declare({
      apps: some,
      known: treatment,
      by,
    })) {
      if (ok) tell(`${name} (${id}): ${status === "stopped" ? "declared, stopped" : message}`);
      else fail(`${name} (${id}): ${message}`);
    }
  }
}

function tell(text: string): void {
  if (!globals.isSilent) process.stdout.write(`${text}\n`);
}

function fail(text: string): void {
  process.exitCode = 1;
  process.stderr.write(`xm: ${text}\n`);
}
