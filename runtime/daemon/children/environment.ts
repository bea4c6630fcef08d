import type { AppSpec } from "../../../machines/spec.ts";
import { flatConfiguration, identityVariables } from "../../compat/flat-environment.ts";
import type { Launch } from "./contract.ts";
import { lifeMarker, lifeVariable } from "./life.ts";

/**
 * The environment of one life: the app's configuration as PM2 gives it, the app's variables over that, and over all
 * of it those by which a process knows who it is (`pm_id`, `NODE_APP_INSTANCE`, `name` …).
 */
export function childEnvironment(launch: Launch): Record<string, string> {
  const { spec, instance, home } = launch;
  return {
    ...flatConfiguration(launch, Date.now()),
    ...spec.env,
    ...incremented(spec, instance),
    ...identityVariables(launch),
    [spec.instanceVariable]: String(instance),
    PM2_HOME: home,
    XM_HOME: home,
    [lifeVariable]: lifeMarker(launch),
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
