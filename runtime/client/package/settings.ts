import { getSetting, keyPath, withoutSetting, withSetting } from "../config/settings.ts";
import { changeSettings, readSettings } from "../config/settings-file.ts";
import { xmError } from "../../contract/errors.ts";
import { homePaths } from "../../host/home/paths.ts";

/** Keeps settings, each under its key (PM2's `module_conf.json`). @throws `ERR_USAGE` for a key that cannot be one. */
export function setAll(home: string, pairs: readonly (readonly [string, unknown])[]): void {
  const paths = pairs.map(([key, value]) => [keyPath(key), String(value)] as const);
  changeSettings(homePaths(home).settings, (settings) =>
    paths.reduce((changed, [path, text]) => withSetting(changed, path, text), settings),
  );
}

/** A setting, or the group of those below a key, or all; `undefined` for what is not set. */
export function get(home: string, key: string | undefined): unknown {
  const settings = readSettings(homePaths(home).settings);
  return key === undefined ? settings : getSetting(settings, keyPath(key));
}

/** Deletes a setting and those below it; `all` deletes every setting. */
export function unset(home: string, key: string): void {
  const path = keyPath(key);
  changeSettings(homePaths(home).settings, (settings) =>
    key === "all" ? {} : withoutSetting(settings, path),
  );
}

/** `"a 1 b 2"` → `a` is 1, `b` is 2. @throws `ERR_USAGE` when a value is missing. */
export function pairsIn(text: string): [string, string][] {
  const words = text.split(/\s+/).filter(Boolean);
  if (words.length === 0 || words.length % 2 === 1) {
    const what = `"${text}" is not a row of keys and values`;
    throw xmError("ERR_USAGE", { what, fix: 'for example "app:port 8000 app:host 127.0.0.1"' });
  }
  return words.flatMap((word, index): [string, string][] =>
    index % 2 === 0 ? [[word, words[index + 1] ?? ""]] : [],
  );
}
