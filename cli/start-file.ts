import { connect } from "../runtime/client/client.ts";
import { tellOutcomes } from "./outcomes.ts";
import { readApps, type ReadOptions } from "./read-apps.ts";

/**
 * Starts what is missing of an ecosystem file's apps and treats the rest as `known` says.
 * @returns the ids of the processes.
 */
export async function startFile(
  file: string,
  options: ReadOptions & { readonly known: "restart" | "reload"; readonly by: string },
): Promise<number[]> {
  const apps = await readApps(file, options);
  const outcomes = connect().declare({ apps, known: options.known, by: options.by });
  const expected = apps.reduce((sum, { instances }) => sum + instances, 0);
  return tellOutcomes({ outcomes, expected, doing: "starting" });
}
