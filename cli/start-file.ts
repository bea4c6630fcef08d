import { connect } from "../runtime/client/client.ts";
import { showOutcomes } from "./outcomes.ts";
import { readApps, type ReadOptions } from "./read-apps.ts";

/** Starts what is missing of an ecosystem file's apps and treats the rest as `known` says. */
export async function startFile(
  file: string,
  options: ReadOptions & { readonly known: "restart" | "reload" | "copy" },
): Promise<void> {
  const apps = await readApps(file, options);
  const client = connect();
  const outcomes = client.declare({ apps, known: options.known, by: "`xm start`" });
  const expected = apps.reduce((sum, { instances }) => sum + instances, 0);
  await showOutcomes({ client, outcomes, expected, doing: "starting" });
}
