import { duration } from "../../../../machines/lib/words.ts";
import type { ProcessStatus } from "../../../../machines/facts.ts";
import { Controls } from "../controls.tsx";
import { pathOf } from "../moment/states.ts";
import { connection, moment, now, past, pastRecords, processes, records, selected, selectedId, selectedName, shownMachine, tab } from "../state/store.ts";
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
  const view = shownMachine.value;
  const isOfProcess = tab.value === "process" || tab.value === "whatif";
  return (
    <div class={`decision${isPast ? " past" : ""}`}>
      <div class="decision-head">
        <h2 title={selectedName.value}>{selectedName.value}</h2>
        {status !== null && <StatusWord status={status} />}
        <p class="where">{isOfProcess && view !== null ? pathOf(view.states) : ""}</p>
        {isPast ? <PastBanner /> : <Controls />}
      </div>
      <p class="sentence" aria-live="polite">
        {sentenceOf(isPast, status)}
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

function sentenceOf(isPast: boolean, status: ProcessStatus | null): string {
  if (isPast && past.value === null) {
    const isReading = pastRecords.value.length === 0 && records.value.length === 0;
    return isReading ? "Reading the history…" : "Nothing is recorded of it at this moment.";
  }
  const said = isPast ? past.value?.machine.sentence : (selected.value?.decision ?? null);
  if (said != null) return said;
  if (status === null) return "It is gone; its history is still here.";
  return status === "online"
    ? "It runs; no end of it has been judged yet."
    : "Nothing has been decided about it yet.";
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
  const view = shownMachine.value;
  if (view === null || connection.value === "lost") return null;
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
