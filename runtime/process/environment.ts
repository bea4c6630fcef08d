import type { AppSpec } from "../../machines/spec.ts";
import type { Launch } from "./child.ts";
import { homeTag, lifeMarker, lifeVariable } from "./life.ts";

/**
 * The environment of one life: the app's variables, and those by which PM2 tells a process who it is
 * (`pm_id`, `NODE_APP_INSTANCE`, `name` …).
 */
export function childEnvironment(launch: Launch): Record<string, string> {
  const { spec, id, instance, home, lifeId, logs, pidFile } = launch;
  return {
    ...spec.env,
    ...incremented(spec, instance),
    pm_id: String(id),
    [spec.instanceVariable]: String(instance),
    name: spec.name,
    namespace: spec.namespace,
    unique_id: lifeId,
    status: "launching",
    exec_mode: `${spec.mode}_mode`,
    pm_exec_path: spec.script,
    pm_cwd: spec.cwd,
    pm_out_log_path: logs.out ?? "/dev/null",
    pm_err_log_path: logs.error ?? "/dev/null",
    pm_pid_path: pidFile ?? "",
    PM2_HOME: home,
    XM_HOME: home,
    [lifeVariable]: markerOf(launch),
  };
}

/** A port for each: the number in the app's variable, and one more from process to process. */
function incremented(
  { incrementVariable, env }: AppSpec,
  instance: number,
): Record<string, string> {
  if (incrementVariable === null) return {};
  const first = Number(env[incrementVariable] ?? 0);
  return Number.isInteger(first) ? { [incrementVariable]: String(first + instance) } : {};
}

export function markerOf({ home, id, lifeId }: Pick<Launch, "home" | "id" | "lifeId">): string {
  return lifeMarker({ homeTag: homeTag(home), id, lifeId });
}
