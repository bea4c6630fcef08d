import type { Cron } from "croner";
import { cronJob, type CronSpec } from "../../contract/cron.ts";

/** Trips by a cron pattern. */
export function watchCron(
  spec: CronSpec,
  { trip, failed }: { trip: (by: string) => void; failed: (error: unknown) => void },
): () => void {
  let job: Cron | undefined;
  let isStopped = false;
  const zone = spec.timezone === null ? "" : ` in ${spec.timezone}`;
  const tick = (): void => trip(`cron ${spec.pattern}${zone}`);
  cronJob(spec, { unref: true, paused: true }, tick).then((started) => {
    if (isStopped) return;
    job = started;
    job.resume();
  }, failed);
  return () => {
    isStopped = true;
    job?.stop();
  };
}
