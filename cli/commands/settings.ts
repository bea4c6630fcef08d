import { shellWord } from "../call/shell-word.ts";
import { isPlain, plain, plainLines } from "../../runtime/contract/plain.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import type { Settings } from "../../runtime/client/config/settings.ts";
import {
  flatSettings,
  getSetting,
  keyPath,
  settingsEnvironment,
  withoutSetting,
  withSetting,
} from "../../runtime/client/config/settings.ts";
import { changeSettings, readSettings } from "../../runtime/client/config/settings-file.ts";
import { isDaemonAbsent, xmError } from "../../runtime/contract/errors.ts";
import {
  logrotateName,
  readLogrotateSettings,
} from "../../runtime/contract/fields/logrotate-settings.ts";
import {
  ownSettingsName,
  readLogSpaceSettings,
} from "../../runtime/contract/fields/log-space-settings.ts";
import { homePaths, resolveHome } from "../../runtime/host/home/paths.ts";
import { xmCommand } from "../call/command.ts";
import { paint } from "../render/colors.ts";
import { tellFailure } from "../render/outcomes.ts";
import { say } from "../render/say.ts";

const keyArg = {
  key: { type: "positional", description: "such as `app.key` or `app:key`", required: false },
} as const;

const keyAndValueArgs = {
  ...keyArg,
  value: { type: "positional", description: "text value", required: false },
} as const;

export const set = xmCommand({
  name: "set",
  description: "Sets a setting; `app.key` restarts that app with it in its environment",
  args: keyAndValueArgs,
  run: ({ args }) => {
    const [key, ...words] = args._;
    if (key === undefined || words.length === 0) throw expected("a key and a value");
    return change([[key, words.join(" ")]]);
  },
});

export const multiset = xmCommand({
  name: "multiset",
  description: "Sets several settings at once: `key value key value …`",
  args: {
    values: { type: "positional", description: "alternating keys and values", required: false },
  },
  run: ({ args }) => {
    const words = args._.join(" ").split(/\s+/).filter(Boolean);
    if (words.length === 0 || words.length % 2 !== 0) throw expected("alternating keys and values");
    const pairs = words.flatMap((word, index): [string, string][] =>
      index % 2 === 0 ? [[word, words[index + 1] ?? ""]] : [],
    );
    return change(pairs);
  },
});

export const get = xmCommand({
  name: "get",
  description: "Prints a setting, all settings below a key, or all",
  args: keyArg,
  run: ({ args }) => {
    const [key] = args._;
    const settings = readSettings(file());
    if (key === undefined) return print(settings, "");
    const value = getSetting(settings, keyPath(key));
    if (value === undefined) throw notSet(key, settings);
    // A script gets its lines.
    if (typeof value === "string")
      process.stdout.write(`${process.stdout.isTTY ? plain(value) : value}\n`);
    else print(value as Settings, `${keyPath(key).join(":")}:`);
  },
});

export const conf = xmCommand({
  name: "conf",
  description: "Prints all settings, or sets one",
  args: keyAndValueArgs,
  run: ({ args }) => {
    const [key, ...words] = args._;
    if (key !== undefined && words.length > 0) return change([[key, words.join(" ")]]);
    const settings = readSettings(file());
    if (key === undefined) return print(settings, "");
    const [app = ""] = keyPath(key);
    print({ [app]: settings[app] ?? {} }, "");
  },
});

export const unset = xmCommand({
  name: "unset",
  description: "Removes a setting, all settings below a key, or `all`",
  args: keyArg,
  run: ({ args }) => {
    const [key] = args._;
    if (key === undefined) throw expected("a key");
    const path = key === "all" ? undefined : keyPath(key);
    say(
      shown(
        changeSettings(file(), (all) => (path === undefined ? {} : withoutSetting(all, path))),
        "",
      ),
    );
  },
});

/** Writes what is set, then restarts the apps that it is for. */
async function change(pairs: readonly (readonly [key: string, value: string])[]): Promise<void> {
  const settings = changeSettings(file(), (all) =>
    pairs.reduce((some, [key, value]) => withSetting(some, keyPath(key), value), all),
  );
  for (const fault of faultsOf(pairs)) process.stderr.write(`xm: ${fault}; it is ignored\n`);
  const paths = pairs.map(([key]) => keyPath(key));
  const apps = new Set(paths.filter(({ length }) => length > 1).map(([app = ""]) => app));
  for (const app of apps) await restart(app, settingsEnvironment(settings, app));
  for (const [app = ""] of paths) say(shown({ [app]: settings[app] }, ""));
}

/** What is set for log files, and cannot be. */
function faultsOf(pairs: readonly (readonly [key: string, value: string])[]): string[] {
  return pairs.flatMap(([key, value]) => {
    const [module, ...rest] = keyPath(key);
    const one = { [rest.join(":")]: value };
    if (module === ownSettingsName) return readLogSpaceSettings(one).faults;
    return module === logrotateName ? readLogrotateSettings(one).faults : [];
  });
}

/** An app of that name gets the settings at once; without a daemon there is none. */
async function restart(app: string, env: Record<string, string>): Promise<void> {
  const client = connect({ autostart: false });
  try {
    const ids = (await client.list()).filter(({ name }) => name === app).map(({ id }) => id);
    if (ids.length === 0) return;
    const outcomes = client.act({ action: "restart", ids, by: "`xm set`", env });
    for await (const { ok, name, id, message } of outcomes) {
      if (ok) say(`${plain(name)} (${id}): ${plainLines(message)}\n`);
      else tellFailure({ name, id, message });
    }
  } catch (error) {
    if (!isDaemonAbsent(error)) throw error;
  }
}

function print(settings: Settings, prefix: string): void {
  process.stdout.write(shown(settings, prefix));
}

/** As commands that set them again. */
function shown(settings: Settings, prefix: string): string {
  const lines = flatSettings(settings, prefix).map(
    ([key, value]) => `${paint("grey", "xm set")} ${quote(key)} ${quote(value)}\n`,
  );
  return lines.join("");
}

/** As a shell reads it; with control characters as bash, zsh and ksh do. */
function quote(value: string): string {
  if (!isPlain(value)) {
    const escaped = value.replaceAll(/[\\']/g, "\\$&").replaceAll("\n", "\\n");
    return `$'${plain(escaped)}'`;
  }
  return /^[\w./:@%+,=-]+$/.test(value) ? value : shellWord(value);
}

function file(): string {
  return homePaths(resolveHome(process.env)).settings;
}

function expected(what: string): Error {
  return xmError("ERR_USAGE", {
    what: `expected ${what}`,
    fix: "for example `xm set api.port 80`",
  });
}

function notSet(key: string, settings: Settings): Error {
  const known = flatSettings(settings).map(([each]) => each);
  const fix =
    known.length === 0 ? `\`xm set ${key} VALUE\` sets it` : `there are ${known.join(", ")}`;
  return xmError("ERR_USAGE", { what: `nothing is set for "${key}"`, fix });
}
