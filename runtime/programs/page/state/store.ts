import { computed, signal } from "@preact/signals";
import type { ProcessView } from "../../../contract/api/schemas.ts";
import type { ChartFile } from "../../../charts/chart.ts";
import type { HelloMessage, MachineName, MachineView } from "../../../contract/inspector.ts";
import { Lanes } from "../timeline/lanes.ts";
import { Recorded } from "./recorded.ts";

/** The state of the page. Everything else is derived from it. */

/** `lost`: God has died, or cannot be reached; its apps keep running. `denied`: it is there, and this page's session is over. */
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

/** The machines around the selected process: its app, a reload, God. */
export const machines = signal<Partial<Record<MachineName, MachineView>>>({});
/** Its own, by generation: in a reload two of one process live. */
export const lives = signal<ReadonlyMap<number, MachineView>>(new Map());
/** The generation whose chart is viewed; `null` is the one that serves. */
export const generation = signal<number | null>(null);
export const charts = signal<Partial<Record<MachineName, ChartFile>>>({});

/** History of the selected process, of its app with the reloads, and of God: the latter two once they are viewed. */
export const recorded = {
  process: new Recorded({ latest: 300, around: 200 }),
  app: new Recorded({ latest: 1_000, around: 400 }),
  god: new Recorded({ latest: 1_000, around: 400 }),
};

export const lanes = new Lanes(Date.now());
export const lanesVersion = signal(0);

/** The viewed moment of the past; `null` is now. */
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

/** The key of its app, also of one that is gone. */
export const selectedApp = computed<string | null>(
  () => selected.value?.app ?? recorded.process.latest.value.at(-1)?.app ?? null,
);

export const mayControl = computed(() => hello.value?.mayControl === true);

/** How long the last frames of the time-line took to paint; ms. */
export const paintTimes: number[] = [];
