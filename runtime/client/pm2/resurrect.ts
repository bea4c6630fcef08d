import type { Client, Outcome } from "../connection/types.ts";
import { homePaths } from "../../host/home/paths.ts";
import { specsFromPm2 } from "./from-pm2.ts";

/**
 * Starts saved apps that are not running, be the list saved by us or by PM2.
 * @throws `ERR_DUMP_UNREADABLE` when neither the list nor its backup can be used.
 */
export async function resurrect(
  client: Client,
  by: string,
): Promise<{ outcomes: Outcome[]; notes: string[] }> {
  const { outcomes, foreign, notes } = await client.resurrect(by);
  if (foreign.length === 0) return { outcomes, notes };
  const { apps, notes: left } = await specsFromPm2(foreign, homePaths(client.home));
  const started: Outcome[] = [];
  if (apps.length > 0) {
    for await (const outcome of client.declare({ apps, known: "leave", by })) started.push(outcome);
  }
  return { outcomes: [...outcomes, ...started], notes: [...notes, ...left] };
}
