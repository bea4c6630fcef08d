import { effect } from "@preact/signals";
import { fetchRecords } from "./api.ts";
import { tellFault } from "./connection.ts";
import * as shown from "./shown.ts";
import * as store from "./store.ts";

/** Looks at a moment of the past. */
export function travelTo(at: number): void {
  store.moment.value = Math.min(at, store.now());
}

/** Looks at now again. */
export function goLive(): void {
  store.moment.value = null;
}

/** The moment of the record before or after the viewed one, in the viewed chart; `undefined` where there is none. */
export function neighbour(direction: -1 | 1): number | undefined {
  const at = store.moment.value ?? Number.POSITIVE_INFINITY;
  const name = shown.shownName.value;
  const source = shown.sourceOf(name);
  const own = [...source.around.value, ...source.latest.value].filter((record) =>
    shown.isOf(name, record),
  );
  const id = store.selectedId.value;
  const lane = id === null || name !== "process" ? undefined : store.lanes.of(id);
  if (direction === -1) {
    const record = own.findLast((each) => each.at < at);
    if (record !== undefined) return record.at;
    const index = lane?.indexAt(at - 1) ?? -1;
    if (index >= 0) return lane?.time(index);
    // There are earlier records: viewing that moment loads them.
    const [first] = source.known.value;
    return name === "process" || source.isWhole || first === undefined ? undefined : first.at - 1;
  }
  const record = own.find((each) => each.at > at);
  const index = (lane?.indexAt(at) ?? -1) + 1;
  const point = lane !== undefined && index < lane.count ? lane.time(index) : undefined;
  // Between the records of the past and the latest ones there may be some that are not here.
  return record === undefined ? point : Math.min(record.at, point ?? record.at);
}

/** The moment of the first known record of the viewed chart. */
export function firstMoment(): number | undefined {
  const name = shown.shownName.value;
  if (name === "process") {
    const id = store.selectedId.value;
    const lane = id === null ? undefined : store.lanes.of(id);
    return lane === undefined || lane.count === 0 ? undefined : lane.time(0);
  }
  return shown.shownRecords.value[0]?.at;
}

/** Loads the records that the view is derived from. */
export function keepRecords(): void {
  effect(() => {
    const id = store.selectedId.value;
    const { process } = store.recorded;
    process.begin(
      id === null ? undefined : (asked) => fetchRecords({ kind: "process", id }, asked),
    );
    void process.load().catch(tellFault);
  });
  effect(() => {
    const key = store.selectedApp.value;
    const { app } = store.recorded;
    app.begin(key === null ? undefined : (asked) => fetchRecords({ kind: "app", key }, asked));
  });
  store.recorded.god.begin((asked) => fetchRecords({ kind: "god" }, asked));
  effect(() => {
    const at = store.moment.value;
    const name = shown.shownName.value;
    // Read again when another process or app is chosen.
    void [store.selectedId.value, store.selectedApp.value];
    const { process, app, god } = store.recorded;
    if (at === null) {
      for (const each of [process, app, god]) each.leave();
      if (name === "god" || name === "group") void god.load().catch(tellFault);
      if (name === "app" || name === "reload") void app.load().catch(tellFault);
      return;
    }
    // The app's say what the process was declared as.
    for (const each of name === "god" || name === "group" ? [god, process] : [process, app]) {
      void each.travel(at).catch(tellFault);
    }
  });
}
