import { xmError } from "../../contract/errors.ts";

/*
 * PM2's `module_conf.json`: settings under keys such as `app.key`, in a file in the home that the client reads and
 * writes. Every value is a text. The settings below an app's name are variables of that app.
 */
export type Settings = Readonly<Record<string, unknown>>;

/** A file that is nested deeper is refused. */
const mostSteps = 90;

/**
 * The steps of a key: `app.key` and `app:key` are one.
 * @throws `ERR_USAGE` for a key with an empty step, or one that would reach a prototype.
 */
export function keyPath(key: string): string[] {
  const steps = key.split(/[.:]/);
  if (steps.length > mostSteps) {
    const fix = "use a name such as `app.key` or `app:key`";
    const what = `a key has at most ${mostSteps} steps, and this one has ${steps.length}`;
    throw xmError("ERR_USAGE", { what, fix });
  }
  const refused = steps.find((step) =>
    ["", "__proto__", "constructor", "prototype"].includes(step),
  );
  if (refused === undefined) return steps;
  const fix = "use a name such as `app.key` or `app:key`";
  throw xmError("ERR_USAGE", { what: `"${key}" cannot be a key`, fix });
}

/** A setting, or the group of those below a key. */
export function getSetting(settings: Settings, path: readonly string[]): unknown {
  let value: unknown = settings;
  for (const step of path) {
    if (!isGroup(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

/** The settings with one more; what stood in the way of its key gives way. */
export function withSetting(settings: Settings, path: readonly string[], text: string): Settings {
  const [step = "", ...rest] = path;
  if (rest.length === 0) return { ...settings, [step]: text };
  const below = Object.hasOwn(settings, step) ? settings[step] : undefined;
  return { ...settings, [step]: withSetting(isGroup(below) ? below : {}, rest, text) };
}

/** The settings without a key and what is below it; a group that has nothing left goes with it. */
export function withoutSetting(settings: Settings, path: readonly string[]): Settings {
  const [step = "", ...rest] = path;
  const { [step]: below, ...others } = settings;
  if (rest.length === 0 || !isGroup(below)) return rest.length === 0 ? others : settings;
  const left = withoutSetting(below, rest);
  return Object.keys(left).length === 0 ? others : { ...settings, [step]: left };
}

/** Each setting with its whole key, as `xm set` takes it. */
export function flatSettings(settings: Settings, prefix = ""): [key: string, value: string][] {
  return Object.entries(settings).flatMap(([step, value]): [string, string][] =>
    isGroup(value)
      ? flatSettings(value, `${prefix}${step}:`)
      : [[`${prefix}${step}`, textOf(value)]],
  );
}

/**
 * What an app gets of its settings: a variable for each, and all of them as JSON in one of the app's name, as under
 * PM2. Nothing when it has none.
 */
export function settingsEnvironment(settings: Settings, app: string): Record<string, string> {
  const own = Object.hasOwn(settings, app) ? settings[app] : undefined;
  if (!isGroup(own)) return {};
  const each = Object.entries(own).map(([name, value]) => [name, textOf(value)]);
  return { ...(Object.fromEntries(each) as Record<string, string>), [app]: JSON.stringify(own) };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Whether a value has settings below it. */
export function isGroup(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
