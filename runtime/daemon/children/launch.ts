import type { LaunchInput } from "../../../machines/process-events.ts";
import { instanceLogPaths, instancePidFile } from "../../host/log-files/paths.ts";
import type { Launch } from "./contract.ts";

/** What a life needs, of what its machine knows of the process. */
export function launchOf(
  input: Pick<
    LaunchInput,
    "id" | "generation" | "app" | "instance" | "spec" | "uniqueId" | "counts"
  >,
  home: string,
  lifeId: string,
): Launch {
  const { spec, id, generation, app, instance, counts } = input;
  return {
    counts,
    spec,
    id,
    generation,
    app,
    instance,
    home,
    lifeId,
    uniqueId: input.uniqueId ?? lifeId,
    logs: instanceLogPaths(spec, id),
    pidFile: instancePidFile(spec, id),
  };
}
