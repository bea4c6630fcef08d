import { duration } from "../../../../machines/lib/words.ts";
import type { ProcessStatus } from "../../../../machines/facts.ts";
import { Controls } from "../controls.tsx";
import {
  connection,
  machines,
  moment,
  now,
  past,
  pastRecords,
  processes,
  records,
  selected,
  selectedId,
  selectedName,
  shownMachine,
} from "../state/store.ts";
import { goLive } from "../state/travel.ts";
import { moment as momentText, statusMarks, statusWord } from "../words.ts";
import { useNow } from "./use-now.ts";

/** Where the process is, and why, in a sentence: now, or at the moment that is looked at. */
export function Decision() {
  if (selectedId.value === null) {
    return (
      <div class="decision">
        <p class="sentence">
          {processes.value.size === 0 ? "Nothing runs under this God yet." : "Choose a process."}
        </p>
      </div>
    );
  }
  const isPast = moment.value !== null;
  const status = isPast ? (past.value?.status ?? null) : (selected.value?.status ?? null);
  return (
    <div class={`decision${isPast ? " past" : ""}`}>
      <div class="decision-head">
        <h2 title={selectedName.value}>{selectedName.value}</h2>
        {status !== null && <StatusWord status={status} />}
        {isPast ? <PastBanner /> : <Controls />}
      </div>
      <p class="sentence" aria-live="polite">
        <Sentence isPast={isPast} status={status} />
        <Countdown />
      </p>
    </div>
  );
}

function StatusWord({ status }: { status: ProcessStatus }) {
  return (
    <span class={`status big ${status}`}>
      <span aria-hidden="true">{statusMarks[status]}</span> {statusWord(status)}
    </span>
  );
}

/** Why it is where it is; of one that runs, that it runs, and what was decided before. */
function Sentence({ isPast, status }: { isPast: boolean; status: ProcessStatus | null }) {
  const said = isPast
    ? past.value?.machine.sentence
    : (machines.value.process?.sentence ?? selected.value?.decision);
  if (isPast && past.value === null) {
    const isReading = pastRecords.value.length === 0 && records.value.length === 0;
    return <>{isReading ? "Reading the history…" : "Nothing is recorded of it at this moment."}</>;
  }
  if (status === null) return <>It is gone; its history is still here.</>;
  if (status !== "online" && status !== "starting") {
    return <>{said ?? "Nothing has been decided about it yet."}</>;
  }
  const before = isPast ? said : selected.value?.decision;
  return (
    <>
      <Running isPast={isPast} status={status} />{" "}
      {before == null ? (
        "No end of it has been judged yet."
      ) : (
        <span class="before">Before: {before}</span>
      )}
    </>
  );
}

function Running({ isPast, status }: { isPast: boolean; status: ProcessStatus }) {
  useNow(1_000);
  const pid = isPast ? past.value?.record.pid : selected.value?.pid;
  const begin = isPast ? lifeBegan() : selected.value?.startedAt;
  const at = moment.value ?? now();
  const verb = status === "online" ? "Runs" : "Starts";
  const age = begin == null ? "" : ` for ${duration(roughly(Math.max(0, at - begin)))}`;
  return (
    <>
      {verb}
      {age}
      {pid == null ? "" : ` as pid ${pid}`}.
    </>
  );
}

/** When the life began that ran at the moment that is looked at, as far as its records are here. */
function lifeBegan(): number | null {
  const known = pastRecords.value.length > 0 ? pastRecords.value : records.value;
  const record = past.value?.record;
  if (record === undefined) return null;
  const own = known.filter(({ pid, seq }) => pid === record.pid && seq <= record.seq);
  return own.find(({ event }) => event === "child.spawned")?.at ?? null;
}

function PastBanner() {
  const at = moment.value ?? 0;
  return (
    <p class="banner">
      <span>
        at <time>{momentText(at, now())}</time>
      </span>
      <button type="button" class="primary" onClick={goLive}>
        Go live
      </button>
    </p>
  );
}

/** What is pending, and how long it still takes. */
function Countdown() {
  useNow(500);
  const view = moment.value === null ? machines.value.process : shownMachine.value;
  if (view == null || connection.value === "lost") return null;
  const at = moment.value ?? now();
  const told = view.delays
    .filter(({ dueAt }) => dueAt > at)
    .map(({ delay, dueAt }) => `${delay} in ${duration(roughly(dueAt - at))}`);
  return told.length === 0 ? null : <span class="pending"> ◷ {told.join(", ")}</span>;
}

/** Half seconds below ten, then whole ones. */
function roughly(ms: number): number {
  const step = ms < 10_000 ? 100 : 1_000;
  return Math.ceil(ms / step) * step;
}
