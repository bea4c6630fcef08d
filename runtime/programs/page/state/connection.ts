import { batch } from "@preact/signals";
import type { HistoryRecord } from "../../../contract/history.ts";
import type {
  HelloMessage,
  LiveMessage,
  MachineStep,
  MachineView,
} from "../../../contract/inspector.ts";
import { fetchSince, fetchTimeline, followLive } from "./api.ts";
import { forgetTicket, NotGod, SessionOver } from "./session.ts";
import * as store from "./store.ts";

/** How often to try to reach a God that has died; ms. */
const retryMs = 1_000;

/** How far back the lanes go at first; the rest is read on demand. ms. */
const firstReachMs = 24 * 3_600_000;

let source: AbortController | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
/** The first read of the lanes, and the one that continues. */
let loading: Promise<void> | undefined;
let reaching: Promise<void> | undefined;
let wantedSince = Number.POSITIVE_INFINITY;
/** Data that has arrived and is not shown yet. */
let waiting: LiveMessage[] = [];
/** The first list of a connection is all there are. */
let isFirstList = true;
/** The first view of the process too: what lived under a God that has died may be gone. */
let isFirstLife = true;

/** Connects to God, or to the next one, for the selected process. Existing data stays. */
export function connect(): void {
  clearTimeout(retry);
  source?.abort();
  waiting = [];
  const id = store.selectedId.value;
  const abort = new AbortController();
  source = abort;
  void follow(id === null || !isKnown(id) ? null : id, abort);
}

async function follow(id: number | null, abort: AbortController): Promise<void> {
  let isDenied = false;
  try {
    for await (const message of followLive<LiveMessage>(id, abort.signal)) {
      if (source === abort) takeLater(message);
    }
  } catch (error) {
    isDenied = error instanceof SessionOver;
    if (error instanceof NotGod && source === abort) tell(error.message, true);
  }
  if (source !== abort) return;
  forgetTicket();
  if (store.connection.value === "open") store.lostAt.value = Date.now();
  // A God that answers and refuses access has closed this page's session; any other is tried again.
  store.connection.value = isDenied ? "denied" : "lost";
  if (!isDenied) retry = setTimeout(connect, retryMs);
}

/** A hidden page requests nothing; it catches up when it becomes visible again. */
export function pauseWhileHidden(): void {
  document.addEventListener("visibilitychange", () => {
    if (store.connection.value === "denied") return;
    if (!document.hidden) return connect();
    clearTimeout(retry);
    source?.abort();
    source = undefined;
    if (store.connection.value === "open") store.connection.value = "connecting";
  });
}

/** Chooses a process: its machines, its records. */
export function select(id: number): void {
  if (store.selectedId.value === id) return;
  batch(() => {
    store.selectedId.value = id;
    store.machines.value = {};
    store.lives.value = new Map();
    store.generation.value = null;
  });
  if (location.hash !== "#all") history.replaceState(null, "", `#${id}`);
  if (store.connection.value !== "lost") connect();
}

/** Reads the part of the past that the lanes do not cover yet; one read at a time, from the earliest requested moment. */
export function reachBack(since: number): Promise<void> {
  wantedSince = Math.min(wantedSince, since);
  return (reaching ??= reach());
}

async function reach(): Promise<void> {
  await loading;
  while (wantedSince < store.lanes.since && store.lanes.lastSeq > 0) {
    const since = wantedSince;
    await loadLanes(since);
    // A read that failed has been told.
    if (store.lanes.since > since) break;
  }
  wantedSince = Number.POSITIVE_INFINITY;
  reaching = undefined;
}

/** A process that is gone has no machine to watch. */
function isKnown(id: number): boolean {
  return store.processes.value.size === 0 || store.processes.value.has(id);
}

/** Two hundred processes may change at once: all changes within a frame are drawn together. */
function takeLater(message: LiveMessage): void {
  if (waiting.push(message) > 1) return;
  requestAnimationFrame(() => {
    const come = waiting;
    waiting = [];
    batch(() => {
      for (const each of withJoinedSteps(come)) receive(each);
    });
  });
}

/** Of several views of a machine within a frame the last is shown, with the steps of all of them. */
function withJoinedSteps(messages: readonly LiveMessage[]): LiveMessage[] {
  const steps = new Map<string, readonly MachineStep[]>();
  return messages.map((message) => {
    if (message.type !== "machine") return message;
    const { machine } = message;
    const key = `${machine.machine} ${machine.of} ${machine.generation}`;
    const joined = [...(steps.get(key) ?? []), ...machine.steps];
    steps.set(key, joined);
    return { ...message, machine: { ...machine, steps: joined } };
  });
}

function receive(message: LiveMessage): void {
  switch (message.type) {
    case "hello":
      greet(message);
      break;
    case "processes":
      takeProcesses(message);
      break;
    case "metrics":
      for (const [id, cpu, memory] of message.samples) {
        const known = store.samples.get(id) ?? { cpu: [], memory: [] };
        known.cpu.push(cpu);
        known.memory.push(memory);
        if (known.cpu.length > store.keptSamples) {
          known.cpu.shift();
          known.memory.shift();
        }
        store.samples.set(id, known);
      }
      store.samplesVersion.value += 1;
      break;
    case "record":
      takeRecord(message.record);
      break;
    case "machine":
      takeMachine(message.machine);
      break;
  }
}

/** Of the generations of a process those are kept that are there; of one that is gone the last. */
function takeMachine(machine: MachineView): void {
  if (machine.machine !== "process") {
    store.machines.value = { ...store.machines.value, [machine.machine]: machine };
    return;
  }
  const isGone = (view: MachineView): boolean => view.states.includes("process.removed");
  const before = isFirstLife ? [] : [...store.lives.value];
  isFirstLife = false;
  const all = [...before, [machine.generation, machine] as const];
  const there = all.filter(([, view]) => !isGone(view));
  store.lives.value = new Map(there.length > 0 ? there : [[machine.generation, machine]]);
}

function greet(message: HelloMessage): void {
  isFirstList = true;
  isFirstLife = true;
  const before = store.hello.value;
  batch(() => {
    const { reload: _, group: _group, ...others } = store.machines.value;
    store.machines.value = others;
    store.clockOffset.value = message.at - Date.now();
    store.hello.value = message;
    store.connection.value = "open";
  });
  if (before !== null && before.daemon.pid !== message.daemon.pid) {
    tell(`A new God is running (pid ${message.daemon.pid}); it has adopted the apps.`);
  }
  if (before === null) loading = loadLanes(message.at - firstReachMs);
  else if (message.lastSeq > store.lanes.lastSeq) void catchUp();
}

function takeProcesses(message: Extract<LiveMessage, { type: "processes" }>): void {
  const next = new Map(isFirstList ? [] : store.processes.value);
  isFirstList = false;
  for (const process of message.processes) next.set(process.id, process);
  for (const id of message.removed) {
    next.delete(id);
    store.samples.delete(id);
  }
  store.processes.value = next;
  if (store.selectedId.value !== null) return;
  const wanted = Number(location.hash.slice(1) || Number.NaN);
  const first = next.has(wanted) ? wanted : [...next.keys()].sort((one, other) => one - other)[0];
  if (first !== undefined) select(first);
}

function takeRecord(record: HistoryRecord): void {
  store.lanes.append(record, store.processes.value.get(record.id)?.generation);
  store.lanesVersion.value = store.lanes.version;
  const { kind, id, app } = record;
  const { recorded } = store;
  if (kind === "process" && id === store.selectedId.value) recorded.process.take(record);
  if (kind === "god" || kind === "daemon" || kind === "group") recorded.god.take(record);
  if ((kind === "app" || kind === "reload") && app === store.selectedApp.value) {
    recorded.app.take(record);
  }
}

async function loadLanes(since: number): Promise<void> {
  try {
    const timeline = await fetchTimeline(since);
    store.lanes.load(timeline);
    await catchUp();
  } catch (error) {
    tellFault(error);
  }
}

/** What happened while the page was disconnected. */
async function catchUp(): Promise<void> {
  try {
    for (const record of await fetchSince(store.lanes.lastSeq)) takeRecord(record);
  } catch (error) {
    tellFault(error);
  }
  store.lanesVersion.value = store.lanes.version;
}

let silence: ReturnType<typeof setTimeout> | undefined;

/** Says something for six seconds. */
export function tell(text: string, isFault = false): void {
  clearTimeout(silence);
  store.notice.value = { text, isFault };
  silence = setTimeout(() => (store.notice.value = null), 6_000);
}

/** The death of God is shown elsewhere. */
export function tellFault(error: unknown): void {
  if (store.connection.value !== "open" || error instanceof TypeError) return;
  tell(error instanceof Error ? error.message : String(error), true);
}
