import { connect } from "../../runtime/client/connection/client.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { tellOutcomes } from "../render/outcomes.ts";
import { readApps, type ReadOptions } from "./read-apps.ts";
import { reportError } from "../call/report-error.ts";

/**
 * Starts what is missing of an ecosystem file's apps and treats the rest as `known` says. An app whose program is
 * not there keeps no other from it, as under PM2, and makes the exit code non-zero.
 * @returns the ids of the processes.
 */
export async function startFile(
  file: string,
  options: ReadOptions & {
    readonly known: "restart" | "start" | "reload";
    readonly by: string;
    readonly ignoresDependencies?: boolean;
  },
): Promise<number[]> {
  const left: string[] = [];
  const apps = await readApps(file, {
    ...options,
    takesNeeded: options.ignoresDependencies !== true,
    leaveOut: (fault) => left.push(fault),
  });
  const { known, by, ignoresDependencies = false } = options;
  const outcomes = connect().declare({
    apps,
    known,
    by,
    ...(ignoresDependencies ? { ignoresDependencies } : {}),
  });
  const expected = apps.reduce((sum, { instances }) => sum + instances, 0);
  const ids = await tellOutcomes({ outcomes, expected, doing: "starting" });
  if (left.length > 0) reportError(xmError("ERR_APPS_LEFT_OUT", { file, faults: left }));
  return ids;
}
