import { field, type Field } from "./field.ts";

/** The variables of an app. */
export const environmentFields: readonly Field[] = [
  field("Environment", "env", "env", "Variables that override the caller's."),
  field("Environment", "env_*", "env", "Variables over `env`, chosen by `--env NAME`."),
  field(
    "Environment",
    "env_file",
    "env files",
    "Files with variables in dotenv's syntax, read when the app is declared; `env` overrides them. A path, `{ path, required: false }`, or a list of them; a relative path begins at the ecosystem file, or at `cwd` if the file exists only there.",
  ),
  field(
    "Environment",
    "filter_env",
    "filter",
    "Removes the caller's variables whose name contains one of these; `true` removes all.",
    { default: "false" },
  ),
  field(
    "Environment",
    "append_env_to_name",
    "boolean",
    "Appends `-NAME` of the chosen environment to the name.",
    { default: "false" },
  ),
  field(
    "Environment",
    "instance_var",
    "string",
    "Variable that holds the number of a process within the app.",
    { default: "NODE_APP_INSTANCE" },
  ),
  field(
    "Environment",
    "increment_var",
    "string",
    "Variable of `env` that is a number and grows by one from process to process, such as PORT.",
  ),
  field("Environment", "source_map_support", "boolean", "Show source lines in stack traces.", {
    default: "when the script has a `.map` beside it",
  }),
  field("Environment", "disable_source_map_support", "boolean", "Never.", { default: "false" }),
  field("Environment", "port", "number", "Sets the variable PORT."),
];
