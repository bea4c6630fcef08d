import type { HookInput } from "../../../machines/process-events.ts";
import { childEnvironment } from "../children/environment.ts";
import { launchOf } from "../children/launch.ts";
import { lifeVariable } from "../children/life.ts";

/** The variable that holds the mark of a run: what it has started is known by it. */
export const runVariable = "XM_HOOK_RUN";

/** The app's own environment, and the facts of the life that the hook belongs to. */
export function hookEnvironment(
  input: HookInput,
  home: string,
  run: string,
): Record<string, string> {
  // The mark of a life is for what is a life.
  const { [lifeVariable]: _, ...own } = childEnvironment(launchOf(input, home, run));
  return { ...own, ...factsFor(input) };
}

function factsFor({ name, spec, id, instance, child, exit, reason, counts }: HookInput) {
  const facts: Record<string, string> = {
    XM_HOOK: name,
    XM_NAME: spec.name,
    XM_ID: String(id),
    XM_INSTANCE: String(instance),
    XM_RESTARTS: String(counts.restarts),
  };
  if (child !== null) facts["XM_PID"] = String(child.pid);
  if (exit?.code != null) facts["XM_EXIT_CODE"] = String(exit.code);
  if (exit?.signal != null) facts["XM_EXIT_SIGNAL"] = exit.signal;
  if (reason !== null) facts["XM_REASON"] = reason.replaceAll(/[\0`]/g, "");
  return facts;
}
