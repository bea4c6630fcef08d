import type { ScheduleSpec } from "../../../machines/spec.ts";
import { drawFrom } from "../../../machines/lib/backoff.ts";
import { dueAfter, latestDue, scheduleWords } from "../../contract/schedule.ts";

/** The clock may be set, and the machine suspended: the time is compared at least this often; ms. */
const looksEveryMs = 30_000;

interface ScheduleReports {
  /** ms since the epoch, by the wall clock, which schedules are about. */
  readonly now: () => number;
  /** Records that a time is used. Resolves when it is on the disk. */
  readonly due: (dueAt: number) => Promise<void>;
  readonly begin: (by: string) => void;
  readonly next: (at: number | null) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Runs a job by its schedule. A time is recorded before its run begins, and a daemon that follows continues behind it: so
 * no time leads to two runs, whenever the daemon dies.
 * @param firedAt the latest time that was recorded; `null` for none.
 */
export function watchSchedule(
  { schedule, firedAt }: { readonly schedule: ScheduleSpec; readonly firedAt: number | null },
  { now, due, begin, next, failed }: ScheduleReports,
): () => void {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  const beginsAt = (dueAt: number): number =>
    dueAt + Math.floor(schedule.jitterMs * drawFrom(Math.floor(dueAt / 1_000)));
  const wait = async (afterMs: number): Promise<void> => {
    const dueAt = await dueAfter(schedule, afterMs);
    if (isStopped) return;
    next(dueAt === null ? null : beginsAt(dueAt));
    if (dueAt !== null) look(dueAt);
  };
  const look = (dueAt: number): void => {
    const leftMs = beginsAt(dueAt) - now();
    if (leftMs <= 0) {
      fire(dueAt).catch(failed);
      return;
    }
    timer = setTimeout(() => look(dueAt), Math.min(leftMs, looksEveryMs)).unref();
  };
  /** Of many times that have passed the latest one counts. */
  const fire = async (firstAt: number): Promise<void> => {
    const at = now();
    const latest = await latestDue(schedule, firstAt, at);
    // One whose extra time is not over yet has its turn after this.
    const dueAt = beginsAt(latest) <= at ? latest : firstAt;
    if (isStopped) return;
    const isLate = at - beginsAt(dueAt) > schedule.startingDeadlineMs;
    // What is not on the disk is not begun: it could be begun twice.
    const isRecorded = await due(dueAt).then(
      () => true,
      (error: unknown) => {
        failed(error);
        return false;
      },
    );
    if (isStopped) return;
    if (isRecorded && (!isLate || schedule.catchesUp)) begin(scheduleWords(schedule));
    await wait(dueAt);
  };
  wait(firedAt ?? now()).catch(failed);
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
