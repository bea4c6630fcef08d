import type { AppSpec } from "../../machines/spec.ts";
import type { ExportedApp, Note, Tell } from "./contract.ts";

/** Fields of a specification that an export writes, or that mean nothing outside of Ex Machina. */
const known: ReadonlySet<string> = new Set<keyof AppSpec>([
  "name",
  "namespace",
  "script",
  "args",
  "cwd",
  "interpreter",
  "interpreterArgs",
  "env",
  "instances",
  "mode",
  "scheduling",
  "mergeLogs",
  "logs",
  "pidFile",
  "instanceVariable",
  "incrementVariable",
  "sourceMaps",
  "stopSignal",
  "stopWithMessage",
  "killsTree",
  "uid",
  "gid",
  "umask",
  "confinement",
  "hooks",
  "autostart",
  "dependsOn",
  "policy",
  "sensors",
  "passthrough",
]);

/** What no other manager does for an app. */
export function tellCommon({ spec }: ExportedApp, tell: Tell): void {
  const { logs, policy, sensors } = spec;
  if (spec.mode === "cluster" && spec.scheduling === "sticky")
    tell("scheduling", "nothing sends a client to the same process again");
  if (spec.stopWithMessage)
    tell("shutdown_with_message", `${spec.stopSignal} is sent, since there is no message channel`);
  if (policy.readiness === "message")
    tell("wait_ready", "the message `ready` reaches nobody: it counts as started at once");
  if (sensors.watch !== null) tell("watch", "nothing restarts it when a file changes");
  if (sensors.heartbeatMs !== null)
    tell("heartbeat_timeout", "nothing measures its event loop from outside");
  if (sensors.limits?.maxCpuPercent != null)
    tell("max_cpu", "nothing restarts it for its use of the CPU");
  if (logs.combined !== null) tell("log_file", "there is no additional file for both streams");
  if (logs.type !== "plain" || logs.dateFormat !== null)
    tell(logs.type === "plain" ? "log_date_format" : "log_type", "its lines are kept as they are");
  if (logs.rotation !== undefined) tell("log_*", "rotation is left to the other manager's logs");
  if (spec.confinement?.nodePermissions !== undefined)
    tell("node_permissions", "add the flags of Node's permission model to its command");
  if (policy.reload.concurrency > 1) tell("reload_concurrency", "there is no rolling reload");
  for (const name of Object.keys(spec).filter((each) => !known.has(each)))
    tell(
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      "it is not exported",
    );
}

/** Names the app in each note. */
export function teller(app: string, notes: Note[]): Tell {
  return (field, why) => void notes.push({ app, field, why });
}

/** Lines for a file in which `#` begins a comment. */
export function comments(notes: readonly Note[], app: string): string {
  const own = notes.filter((note) => note.app === app);
  if (own.length === 0) return "";
  const lines = own.map(({ field, why }) => `#   ${field}: ${why}`.replaceAll(/[\r\n]+/g, " "));
  return `# Not the same here:\n${lines.join("\n")}\n`;
}
