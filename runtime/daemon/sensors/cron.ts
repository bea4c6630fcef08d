import type { Cron } from "croner";
import { cronFault } from "../../host/cron-check.ts";

/** Trips by a cron pattern. Croner is loaded when the first app has one. */
export function watchCron(pattern: string, trip: (by: string) => void): () => void {
  let job: Cron | undefined;
  let isStopped = false;
  void import("croner").then(({ Cron: CronJob }) => {
    if (isStopped || cronFault(pattern) !== undefined) return;
    job = new CronJob(pattern, { unref: true }, () => trip(`cron ${pattern}`));
  });
  return () => {
    isStopped = true;
    job?.stop();
  };
}
