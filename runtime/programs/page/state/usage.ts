import { signal } from "@preact/signals";
import type { UsageView } from "../../../contract/api/schemas.ts";
import { fetchUsage } from "./api.ts";
import { tellFault } from "./connection.ts";
import { connection, now, selectedId } from "./store.ts";

/** God keeps a sample every ten seconds; ms. */
const everyMs = 10_000;

/** How far back the graphs of the overview go; ms. */
const recentMs = 15 * 60_000;

/** Memory and CPU of all processes lately, as God has kept them. */
export const recentUsage = signal<ReadonlyMap<number, UsageView>>(new Map());

/** Reads them until it is stopped. */
export function keepRecentUsage(): () => void {
  const read = (): void => {
    if (connection.value !== "open" || document.hidden) return;
    fetchUsage({ since: now() - recentMs, most: 90 }).then(
      (views) => (recentUsage.value = new Map(views.map((each) => [each.id, each]))),
      tellFault,
    );
  };
  const stop = connection.subscribe(read);
  const timer = setInterval(read, everyMs);
  return () => {
    stop();
    clearInterval(timer);
  };
}

/** Memory and CPU of the selected process around the window of the time-line; `null` while nothing is known. */
export const shownUsage = signal<UsageView | null>(null);

/** As many points as a wide window has columns of two pixels. */
const mostPoints = 600;

/** Between two requests while the window is moved; ms. */
const leastBetweenMs = 400;

/** Reads what the time-line shows, and half as much on both sides, when that is not there or has become old. */
export function keepShownUsage(view: {
  readonly window: { readonly from: number; readonly to: number };
}): { look: () => void; stop: () => void } {
  let held = { id: -1, from: 0, to: 0, at: 0 };
  let isReading = false;
  let isStopped = false;
  const isThere = (id: number): boolean => {
    const { from, to } = view.window;
    const isNow = to > now() - everyMs;
    const covers = held.from <= from && held.to >= Math.min(to, now());
    const isFine = held.to - held.from < 5 * (to - from);
    return held.id === id && covers && isFine && (!isNow || performance.now() - held.at < everyMs);
  };
  const look = (): void => {
    const id = selectedId.peek();
    if (id === null || isReading || connection.peek() !== "open") return;
    if (performance.now() - held.at < leastBetweenMs && held.id === id) return;
    if (isThere(id)) return;
    if (held.id !== id) shownUsage.value = null;
    const { from, to } = view.window;
    const half = (to - from) / 2;
    held = { id, from: from - half, to: to + half, at: performance.now() };
    isReading = true;
    fetchUsage({ ids: [id], since: held.from, until: held.to, most: mostPoints })
      .then(([usage]) => {
        if (!isStopped && selectedId.peek() === id) shownUsage.value = usage ?? null;
      }, tellFault)
      .finally(() => (isReading = false));
  };
  return { look, stop: () => (isStopped = true) };
}
