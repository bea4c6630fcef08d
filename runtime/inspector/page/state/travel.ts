import { fetchPast } from "./api.ts";
import { tellFault } from "./connection.ts";
import * as store from "./store.ts";

/** Records read around a moment that is far back. */
const aroundLimit = 200;

let asked = 0;
/** Up to when the past records are whole; ms. */
let pastUntil = 0;

/** Looks at a moment of the past: at once where its records are here, else when they have come. */
export function travelTo(at: number): void {
  const to = Math.min(at, store.now());
  store.moment.value = to;
  const id = store.selectedId.value;
  if (id === null || covers(store.records.value, to)) {
    store.pastRecords.value = [];
    return;
  }
  if (covers(store.pastRecords.value, to) && to <= pastUntil) return;
  asked += 1;
  void load(id, to, asked);
}

/** Looks at now again. */
export function goLive(): void {
  asked += 1;
  store.moment.value = null;
  store.pastRecords.value = [];
}

/** The moment of the record before or after the one that is looked at; `undefined` where there is none. */
export function neighbour(direction: -1 | 1): number | undefined {
  const at = store.moment.value ?? Number.POSITIVE_INFINITY;
  const own = [...store.pastRecords.value, ...store.records.value].filter(
    ({ kind }) => kind === "process",
  );
  const id = store.selectedId.value;
  const lane = id === null ? undefined : store.lanes.of(id);
  if (direction === -1) {
    const record = own.findLast((each) => each.at < at);
    if (record !== undefined) return record.at;
    const index = lane?.indexAt(at - 1) ?? -1;
    return index < 0 ? undefined : lane?.time(index);
  }
  const record = own.find((each) => each.at > at);
  const index = (lane?.indexAt(at) ?? -1) + 1;
  const point = lane !== undefined && index < lane.count ? lane.time(index) : undefined;
  // Between the records of the past and the latest ones there may be some that are not here.
  return record === undefined ? point : Math.min(record.at, point ?? record.at);
}

function covers(records: readonly { at: number }[], at: number): boolean {
  const [first] = records;
  return first !== undefined && first.at <= at;
}

async function load(id: number, until: number, ticket: number): Promise<void> {
  try {
    const found = await fetchPast(id, { until, limit: aroundLimit });
    if (ticket !== asked || store.selectedId.value !== id) return;
    pastUntil = until;
    store.pastRecords.value = found.filter((record) => record.id === id);
  } catch (error) {
    tellFault(error);
  }
}
