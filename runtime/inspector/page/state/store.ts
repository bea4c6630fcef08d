import { computed, signal } from "@preact/signals";
import type { ProcessView } from "../../../api/schemas.ts";
import type { ChartFile } from "../../../charts/chart.ts";
import type { HistoryRecord } from "../../../history/record.ts";
import type { HelloMessage, MachineName, MachineView } from "../../contract.ts";
import { momentOf, readingsOf } from "../moment/moment.ts";
import { latestSteps } from "../moment/steps.ts";
import { Lanes } from "../timeline/lanes.ts";

/** What the page knows. Everything else is made from it. */

/** `lost`: God has died, or cannot be reached; its apps run on. `denied`: it is there, and this page's session is over. */
export type ConnectionState = "connecting" | "open" | "lost" | "denied";

export const connection = signal<ConnectionState>("connecting");
/** When it was lost, ms of this machine's clock. */
export const lostAt = signal(0);
export const hello = signal<HelloMessage | null>(null);
/** How far God's clock is ahead of this page's; ms. */
export const clockOffset = signal(0);
/** A word about what just happened, for a moment. */
export const notice = signal<{ readonly text: string; readonly isFault: boolean } | null>(null);

export const processes = signal<ReadonlyMap<number, ProcessView>>(new Map());
export const filter = signal("");
export const selectedId = signal<number | null>(null);
export const tab = signal<MachineName | "whatif">("process");

/** Samples kept of each process: four minutes of one every two seconds. */
export const keptSamples = 120;

export interface Samples {
  readonly cpu: number[];
  readonly memory: number[];
}

export const samples = new Map<number, Samples>();
/** Grows with each round of samples. */
export const samplesVersion = signal(0);

/** The machines around the selected process. */
export const machines = signal<Partial<Record<MachineName, MachineView>>>({});
export const charts = signal<Partial<Record<MachineName, ChartFile>>>({});

/** Records of the selected process kept in the page. */
export const keptRecords = 2_000;
/** Of the selected process, oldest first: the latest ones, and those around the moment that is looked at. */
export const records = signal<readonly HistoryRecord[]>([]);
export const pastRecords = signal<readonly HistoryRecord[]>([]);

export const lanes = new Lanes(Date.now());
export const lanesVersion = signal(0);

/** The moment of the past that is looked at; `null` is now. */
export const moment = signal<number | null>(null);

export const now = (): number => Date.now() + clockOffset.value;

export const selected = computed<ProcessView | null>(() =>
  selectedId.value === null ? null : (processes.value.get(selectedId.value) ?? null),
);

/** The name of the selected process, also of one that is gone. */
export const selectedName = computed<string>(() => {
  const id = selectedId.value;
  if (id === null) return "";
  return selected.value?.name ?? lanes.of(id)?.name ?? `process ${id}`;
});

/** What was known of the selected process at the moment that is looked at. */
export const past = computed(() => {
  const at = moment.value;
  const model = charts.value.process?.model;
  if (at === null || model === undefined) return null;
  const known = pastRecords.value.length > 0 ? pastRecords.value : records.value;
  return momentOf({ model, records: known, at }) ?? null;
});

/** The machine of the chosen tab, as it is or as it was. */
export const shownMachine = computed<MachineView | null>(() => {
  const name = tab.value === "whatif" ? "process" : tab.value;
  if (moment.value !== null && name === "process") return past.value?.machine ?? null;
  const live = machines.value[name];
  if (live === undefined) return null;
  return name === "process" ? withHistory(live) : live;
});

/** What God has not seen while nobody watched is in the history: how it came there, and what the guards said. */
function withHistory(live: MachineView): MachineView {
  const model = charts.value.process?.model;
  const own = records.value.filter(({ kind }) => kind === "process");
  if (model === undefined || own.length === 0) return live;
  const judged = own.findLast(({ decision }) => decision !== null);
  const known = new Set(live.guards.map(({ guard }) => guard));
  const told = judged === undefined ? [] : readingsOf(judged);
  return {
    ...live,
    steps: live.steps.length > 0 ? live.steps : latestSteps(model, own),
    guards: [...live.guards, ...told.filter(({ guard }) => !known.has(guard))],
  };
}

export const mayControl = computed(() => hello.value?.mayControl === true);

/** How long the last frames of the time-line took to paint; ms. */
export const paintTimes: number[] = [];
