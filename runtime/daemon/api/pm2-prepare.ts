import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import * as v from "valibot";
import { fieldsByName } from "../../contract/fields/fields.ts";
import { plain } from "../../contract/plain.ts";
import { builtProgram } from "../../host/built-program.ts";
import type { Daemon } from "../daemon.ts";

const packetSchema = v.looseObject({
  name: v.string(),
  pm_exec_path: v.string(),
  pm_cwd: v.string(),
  namespace: v.optional(v.string(), "default"),
  env: v.optional(v.record(v.string(), v.unknown()), {}),
});

/** PM2's names for what its client has resolved, and the fields they come from. */
const resolvedFields = {
  pm_exec_path: "script",
  pm_cwd: "cwd",
  exec_interpreter: "interpreter",
  pm_out_log_path: "out_file",
  pm_err_log_path: "error_file",
  pm_log_path: "log_file",
} as const;

/** The user that an app runs as is its caller's; the resolved names give its place and its settings. */
const skipped: readonly string[] = ["env", "username", ...Object.values(resolvedFields)];

/**
 * Starts what no process is known of (`pm2.start`), as `xm start -` does in the caller's place: with what PM2's client has
 * resolved as its file, and the environment that it hands over.
 * @returns name and namespace of the app, and what the command says when it does not start or does not become ready.
 */
export async function prepare(
  { paths }: Pick<Daemon, "paths">,
  given: unknown,
): Promise<{ name: string; namespace: string; fault?: string }> {
  const packet = v.parse(packetSchema, given);
  const { name, namespace, pm_cwd: cwd, env } = packet;
  const child = spawn(process.execPath, [builtProgram("xm.cjs"), "start", "-"], {
    cwd: existsSync(cwd) ? cwd : "/",
    env: { ...variablesOf(env, name), XM_HOME: paths.home },
    stdio: ["pipe", "ignore", "pipe"],
  });
  child.stdin.on("error", () => {});
  child.stdin.end(JSON.stringify({ apps: [appOf(packet)] }));
  const [code, said] = await Promise.all([
    new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    }),
    text(child.stderr),
  ]);
  if (code === 0) return { name, namespace };
  return { name, namespace, fault: plain(said.trim()) || `${name} was not started` };
}

function appOf(packet: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const app: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(packet)) {
    const isField = fieldsByName.has(name) || name.startsWith("env_");
    if (isField && !skipped.includes(name)) app[name] = value;
  }
  for (const [resolved, field] of Object.entries(resolvedFields)) app[field] = packet[resolved];
  return app;
}

/** Without what PM2's client adds: how it was called, and the app's settings under the app's name. */
function variablesOf(env: Readonly<Record<string, unknown>>, app: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (name === "PM2_JSON_PROCESSING" || name === "PM2_PROGRAMMATIC") continue;
    if (name === app && typeof value === "string" && value.startsWith("{")) continue;
    if (value !== null && value !== undefined)
      variables[name] = typeof value === "string" ? value : JSON.stringify(value);
  }
  return variables;
}
