import { computed } from "@preact/signals";
import type { Goal, ProcessStatus } from "../../../../machines/facts.ts";
import type { HistoryKind, HistoryRecord } from "../../../contract/history.ts";
import type { MachineName, MachineView } from "../../../contract/inspector.ts";
import { appMoment, specAt } from "../moment/app.ts";
import { godMoment } from "../moment/god.ts";
import { groupMoment } from "../moment/group.ts";
import type { Moment } from "../moment/moment.ts";
import { processMoment, readingsOf } from "../moment/process.ts";
import { reloadMoment } from "../moment/reload.ts";
import { rolesOf, type Generation } from "../moment/roles.ts";
import { latestSteps } from "../moment/steps.ts";
import { latestWay } from "../moment/way.ts";
import type { Recorded } from "./recorded.ts";
import {
  charts,
  generation,
  lanes,
  lanesVersion,
  lives,
  machines,
  moment,
  now,
  processes,
  recorded,
  selectedId,
  tab,
} from "./store.ts";

/** The part of the data that is shown: the machine of the chosen tab, now or at the viewed moment of the past. */

/** The viewed chart. */
export const shownName = computed<MachineName>(() =>
  tab.value === "whatif" ? "process" : tab.value,
);

/** When the daemon of the viewed moment started. */
const daemonSince = computed<number | undefined>(() => {
  const at = moment.value;
  void lanesVersion.value;
  return at === null ? undefined : lanes.daemons.findLast((each) => each <= at);
});

/** The selected process at the viewed moment. */
export const past = computed(() => {
  const at = moment.value;
  const model = charts.value.process?.model;
  if (at === null || model === undefined) return null;
  const since = daemonSince.value;
  const spec = specAt(recorded.app.known.value, at);
  const records = recorded.process.known.value;
  return processMoment({ model, records, at, generation: generation.value, spec, since }) ?? null;
});

/** The machine of the chosen tab at the viewed moment. */
export const shownPast = computed<Moment | null>(() => {
  const at = moment.value;
  const name = shownName.value;
  if (at === null || name === "process") return at === null ? null : past.value;
  const model = charts.value[name]?.model;
  if (model === undefined) return null;
  const options = { model, records: sourceOf(name).known.value, at };
  if (name === "group") return groupMoment({ ...options, name: groupName() }) ?? null;
  if (name === "god") return godMoment({ ...options, now: now() }) ?? null;
  return (name === "app" ? appMoment(options) : reloadMoment(options)) ?? null;
});

/** The group of the selected process. */
function groupName(): string | undefined {
  const { group } = processes.value.get(selectedId.value ?? -1) ?? {};
  return group?.name;
}

/** The reload in progress at the viewed moment. */
export const pastReload = computed<MachineView | null>(() => {
  const at = moment.value;
  // Whether there was one does not depend on its chart.
  const model = charts.value.reload?.model ?? { id: "reload", states: [], edges: [] };
  if (at === null) return null;
  const found = reloadMoment({ model, records: recorded.app.known.value, at });
  return found === undefined || found.isOver ? null : found.machine;
});

/** The reload that ended last, while none is in progress. */
export const lastReload = computed(() => {
  const model = charts.value.reload?.model;
  if (model === undefined || machines.value.reload !== undefined) return null;
  const records = recorded.app.latest.value;
  return reloadMoment({ model, records, at: Number.POSITIVE_INFINITY }) ?? null;
});

/** The generations of the selected process that live, or lived at the viewed moment. */
export const generations = computed<readonly Generation[]>(() => {
  if (moment.value !== null) return past.value?.generations ?? [];
  return rolesOf(
    [...lives.value.values()].map(({ generation: own, states, context }) => ({
      generation: own,
      goal: (context as { goal: Goal }).goal,
      status: statusOf(states),
    })),
  );
});

/** The kinds of record that a chart is made from. */
const kindsOf: Readonly<Record<MachineName, readonly HistoryKind[]>> = {
  process: ["process"],
  app: ["app"],
  reload: ["reload"],
  group: ["group"],
  god: ["god", "daemon"],
};

/** Where the records of a chart are. */
export function sourceOf(name: MachineName): Recorded {
  if (name === "group") return recorded.god;
  return recorded[name === "process" || name === "god" ? name : "app"];
}

/** Whether a record belongs to the machine of a chart. */
export function isOf(name: MachineName, { kind }: HistoryRecord): boolean {
  return kindsOf[name].includes(kind);
}

/** The records of the viewed chart: the latest ones, or those around the moment. */
export const shownRecords = computed<readonly HistoryRecord[]>(() => {
  const name = shownName.value;
  return sourceOf(name).known.value.filter((record) => isOf(name, record));
});

/** The live machine of the viewed generation. */
export const shownLife = computed<MachineView | undefined>(
  () =>
    lives.value.get(generation.value ?? -1) ??
    lives.value.get(generations.value[0]?.generation ?? -1),
);

/** The machine of the chosen tab, as it is or as it was. */
export const shownMachine = computed<MachineView | null>(() => {
  const name = shownName.value;
  if (moment.value !== null) return shownPast.value?.machine ?? null;
  if (name === "reload" && machines.value.reload === undefined) {
    return lastReload.value?.machine ?? null;
  }
  const live = name === "process" ? shownLife.value : machines.value[name];
  return live === undefined ? null : withHistory(live, name);
});

/** What God did not observe without viewers is in the history: how it came there, and what the guards said. */
function withHistory(live: MachineView, name: MachineName): MachineView {
  const model = charts.value[name]?.model;
  if (model === undefined) return live;
  if (name !== "process") {
    if (live.steps.length > 0) return live;
    const own = sourceOf(name).latest.value.filter(
      ({ kind, name: of }) => kind === name && (name !== "group" || of === live.of),
    );
    return { ...live, steps: latestWay(model, own) };
  }
  const own = recorded.process.latest.value.filter((each) => each.generation === live.generation);
  if (own.length === 0) return live;
  const judged = own.findLast(({ decision }) => decision !== null);
  const known = new Set(live.guards.map(({ guard }) => guard));
  const told = judged === undefined ? [] : readingsOf(judged);
  return {
    ...live,
    steps: live.steps.length > 0 ? live.steps : latestSteps(model, own),
    guards: [...live.guards, ...told.filter(({ guard }) => !known.has(guard))],
  };
}

/** The status of a process by the states that it is in, roughly as God computes it. */
export function statusOf(states: readonly string[]): ProcessStatus | null {
  const words = [
    "online",
    "starting",
    "stopping",
    "waiting",
    "pending",
    "errored",
    "completed",
    "failed",
    "stopped",
    "removed",
  ] as const;
  if (states.includes("process.held")) return "pending";
  return words.find((word) => states.some((id) => id.split(".").includes(word))) ?? null;
}
