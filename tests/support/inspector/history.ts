import type { Judged } from "../../../machines/judgement.ts";
import { decide } from "../../../machines/restart-policy.ts";
import { historyEntry, type HistoryRecord } from "../../../runtime/contract/history.ts";
import { appSpec } from "../machines/spec.ts";

const online = "alive.online.uptime.fresh alive.online.sensors.off";

/**
 * What the history keeps of an app that ends with code 1 after half a second each time and waits 300 ms before it starts
 * again, until it is given up at its third end: it starts at 1 000.
 */
export function crashLoop(): HistoryRecord[] {
  const records: HistoryRecord[] = [];
  const put = (some: Partial<HistoryRecord> & { at: number; event: string }): void => {
    const seq = records.length + 1;
    records.push({
      ...historyEntry({ kind: "process", id: 4, name: "c", app: "c", ...some }),
      seq,
    });
  };
  const policy = appSpec({ restart: { maxRestarts: 3, restartDelayMs: 300 } }).policy.restart;
  [1_000, 1_800, 2_600].forEach((at, life) => {
    const pid = 100 + life;
    const unstableRestarts = life + 1;
    put({
      at,
      event: "child.spawned",
      states: online,
      status: "online",
      pid,
      restarts: life,
      unstableRestarts: life,
      readiness: "ready",
    });
    const end = at + 500;
    const exit = { at: end, code: 1, signal: null, uptimeMs: 500, askedBy: null };
    const judged: Judged = {
      policy,
      goal: "run",
      exit,
      failure: null,
      unstableRestarts,
      restartTimes: [],
      backoffMs: 0,
      seed: 1,
    };
    const { decision, judgement } = decide(judged, end);
    const isLast = life === 2;
    put({
      at: end,
      event: "child.exited",
      states: isLast ? "errored" : "waiting",
      status: isLast ? "errored" : "waiting",
      restarts: life,
      unstableRestarts,
      exit,
      decision,
      judgement,
      restartAt: isLast ? null : end + 300,
    });
    if (isLast) return;
    put({
      at: end + 300,
      event: "restartDelay",
      states: "alive.starting",
      status: "starting",
      restarts: life + 1,
      unstableRestarts,
    });
  });
  return records;
}
