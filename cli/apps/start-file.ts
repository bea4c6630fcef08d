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
  options: ReadOptions & { readonly known: "restart" | "reload"; readonly by: string },
): Promise<number[]> {
  const left: string[] = [];
  const apps = await readApps(file, { ...options, leaveOut: (fault) => left.push(fault) });
  const outcomes = connect().declare({ apps, known: options.known, by: options.by });
  const expected = apps.reduce((sum, { instances }) => sum + instances, 0);
  const ids = await tellOutcomes({ outcomes, expected, doing: "starting" });
  if (left.length > 0) reportError(xmError("ERR_APPS_LEFT_OUT", { file, faults: left }));
  return ids;
}
