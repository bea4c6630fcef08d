/** How a field's value is read. The words are those of the reference page. */
export type FieldKind =
  | "string"
  | "boolean"
  | "number"
  | "time"
  | "size"
  | "strings"
  | "numbers"
  | "env"
  | "env files"
  | "notify"
  | "hooks"
  | "watch"
  | "patterns"
  | "watch options"
  | "instances"
  | "id"
  | "any"
  | "app type"
  | "schedule"
  | "restart"
  | "readiness"
  | "scheduling"
  | "memory scope"
  | "positive"
  | "cron"
  | "filter"
  | "retain"
  | "age"
  | "file time"
  | "boolean or string"
  | "dependencies"
  | "probe"
  | "limits"
  | "ionice"
  | "cpus"
  | "capabilities"
  | "groups"
  | "node permissions";

/** One field of an ecosystem file. The configuration reference is generated from these. */
export interface Field {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly kind: FieldKind;
  /** As shown; the value itself is in `normalize.ts`. */
  readonly default: string;
  readonly description: string;
  readonly group: FieldGroup;
}

export type FieldGroup =
  | "Program"
  | "Environment"
  | "Jobs"
  | "Restarts"
  | "Start and stop"
  | "Limits and rights"
  | "Logs"
  | "Notifications"
  | "Triggers"
  | "Accepted for compatibility";

export const field = (
  group: FieldGroup,
  name: string,
  kind: FieldKind,
  description: string,
  more: { default?: string; aliases?: readonly string[] } = {},
): Field => ({
  name,
  aliases: more.aliases ?? [],
  kind,
  default: more.default ?? "",
  description,
  group,
});
