import type { Client, ProcessDetail } from "../../runtime/client/connection/types.ts";
import { resolveTargets } from "./targets.ts";

/** The details of the processes that targets name. */
export async function detailsOf(
  client: Client,
  targets: readonly string[],
  options: { readonly usage?: boolean } = {},
): Promise<ProcessDetail[]> {
  const chosen = await resolveTargets(client, targets);
  return Promise.all(chosen.map(({ id }) => client.detail(id, options)));
}
