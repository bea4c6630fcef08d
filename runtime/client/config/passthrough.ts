import { fieldsByName } from "../../contract/fields/fields.ts";
import type { ReadApp, Reading } from "./read-fields.ts";

/**
 * What scripts read back in `jlist` and a specification does not hold as it was declared: fields that change
 * nothing here, and those whose form PM2 keeps (`watch: ["src"]`, `stop_exit_codes: 3`). Under `env` are the
 * variables that were declared as numbers or switches; an app gets them as text.
 * @param environment `--env NAME`
 */
export function passthroughOf(
  { app, written }: Pick<Reading, "app" | "written">,
  environment: string | undefined,
): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(app)) {
    const form = forms[name];
    const isKept = fieldsByName.get(name)?.group === "Accepted for compatibility";
    if (form !== undefined) kept[name] = form(written[name], value);
    else if (isKept || asRead.includes(name) || name.startsWith("env_")) {
      kept[name === "interpreter" ? "exec_interpreter" : name] = value;
    } else if (asWritten.includes(name)) kept[name] = written[name];
  }
  const env = typedVariables(app, environment);
  if (Object.keys(env).length > 0) kept["env"] = env;
  // PM2 leaves out what is as it would be without them.
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
}

/** Kept as the table of fields reads them. */
const asRead: readonly string[] = [
  "interpreter",
  "port",
  "increment_var",
  "ignore_watch",
  "watch_delay",
  "time",
];

/** Kept as their user wrote them. */
const asWritten: readonly string[] = ["cwd", "filter_env", "log_type", "watch_options"];

/** Kept in a form of PM2's own. */
const forms: Readonly<Record<string, (written: unknown, read: unknown) => unknown>> = {
  // A list of words is what the specification holds; numbers among them are shown as such.
  args: (written) =>
    Array.isArray(written) && written.some((each) => typeof each === "number")
      ? written
      : undefined,
  watch: (written, read) => (typeof read === "boolean" ? read : written),
  stop_exit_codes: (written, read) =>
    Array.isArray(written) && written.length > 1 ? written : oneOf(read),
  env_file: (written) => written,
  source_map_support: (_, read) => onlyTrue(read),
  disable_source_map_support: (_, read) => onlyTrue(read),
  disable_logs: (_, read) => onlyTrue(read),
  force: (_, read) => read,
  append_env_to_name: (_, read) => onlyTrue(read),
  event_loop_inspector: (_, read) => onlyTrue(read),
  deep_monitoring: (_, read) => onlyTrue(read),
  io: (_, read) => (typeof read === "object" ? JSON.stringify(read) : read),
};

const onlyTrue = (value: unknown): true | undefined => (value === true ? true : undefined);

function oneOf(list: unknown): unknown {
  return Array.isArray(list) && list.length === 1 ? list[0] : list;
}

/** Variables that are numbers or switches; PORT of `port` among them. */
function typedVariables(app: ReadApp, environment: string | undefined): Record<string, unknown> {
  const layers = [app["env"], environment === undefined ? undefined : app[`env_${environment}`]];
  const { port } = app;
  const all = { ...(port === undefined ? {} : { PORT: port }), ...Object.assign({}, ...layers) };
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => ["number", "boolean"].includes(typeof value)),
  );
}
