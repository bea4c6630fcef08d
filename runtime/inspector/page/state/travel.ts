import { fetchPast, fetchLatest } from "./api.ts";
import { tellFault } from "./connection.ts";
import * as store from "./store.ts";

/** Records read around a moment that is far back. */
const aroundLimit = 200;

let asked = 0;

/** Looks at a moment of the past: at once where its records are here, else when they have come. */
export function travelTo(at: number): void {
  const to = Math.min(at, store.now());
  store.moment.value = to;
  const id = store.selectedId.value;
  const lane = id === null ? undefined : store.lanes.lanes.get(id);
  if (id === null || lane === undefined) return;
  const index = lane.indexAt(to);
  if (index < 0) return;
  const seq = lane.seq(index);
  if (has(store.records.value, seq)) {
    store.pastRecords.value = [];
    return;
  }
  if (has(store.pastRecords.value, seq)) return;
  asked += 1;
  void load(id, seq, asked);
}

/** Looks at now again. */
export function goLive(): void {
  asked += 1;
  store.moment.value = null;
  store.pastRecords.value = [];
}

/** The moment of the record before or after the one that is looked at; `undefined` where there is none. */
export function neighbour(direction: -1 | 1): number | undefined {
  const id = store.selectedId.value;
  const lane = id === null ? undefined : store.lanes.lanes.get(id);
  if (lane === undefined || lane.count === 0) return undefined;
  const at = store.moment.value;
  if (at === null) return direction === -1 ? lane.time(lane.count - 1) : undefined;
  let index = lane.indexAt(at);
  if (direction === 1) index += 1;
  // Between two records the earlier one is the one that is looked at.
  else if (index >= 0 && lane.time(index) >= at) index -= 1;
  // Records of one millisecond are one moment.
  while (direction === -1 && index >= 0 && lane.time(index) === at) index -= 1;
  return index < 0 || index >= lane.count ? undefined : lane.time(index);
}

/** Records are whole from the first to the last: what lies between is among them. */
function has(records: readonly { seq: number }[], seq: number): boolean {
  const [first] = records;
  const last = records.at(-1);
  return first !== undefined && last !== undefined && first.seq <= seq && seq <= last.seq;
}

async function load(id: number, seq: number, ticket: number): Promise<void> {
  try {
    const found = await fetchPast(id, { upTo: seq, limit: aroundLimit });
    if (ticket !== asked || store.selectedId.value !== id) return;
    const own = found.filter((record) => record.id === id && record.seq <= seq);
    store.pastRecords.value = own.length > 0 ? own : await fetchLatest(id, 10_000);
  } catch (error) {
    tellFault(error);
  }
}
