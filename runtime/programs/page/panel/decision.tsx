import { duration } from "../../../../machines/lib/words.ts";
import type { ProcessStatus } from "../../../../machines/facts.ts";
import { plain } from "../../../contract/plain.ts";
import { Controls } from "../controls.tsx";
import { past, shownLife, statusOf } from "../state/shown.ts";
import {
  connection,
  generation,
  moment,
  now,
  processes,
  recorded,
  selected,
  selectedId,
  selectedName,
} from "../state/store.ts";
import { goLive } from "../state/travel.ts";
import { moment as momentText, statusMarks, statusWord, troublesText } from "../words.ts";
import { LastWords } from "./last-words.tsx";
import { useNow } from "./use-now.ts";

/** Where the process is, and why, in a sentence: now, or at the viewed moment. */
export function Decision() {
  if (selectedId.value === null) {
    return (
      <div class="decision">
        <p class="sentence">
          {processes.value.size === 0 ? "Nothing is running yet." : "Choose a process."}
        </p>
      </div>
    );
  }
  const isPast = moment.value !== null;
  const status = isPast ? (past.value?.status ?? null) : liveStatus();
  return (
    <div class={`decision${isPast ? " past" : ""}`}>
      <div class="decision-head">
        <h2 title={selectedName.value}>{selectedName.value}</h2>
        {status !== null && <StatusWord status={status} />}
        {!isPast && selected.value?.health === "unhealthy" && (
          <span class="status big errored" title={selected.value.finding ?? undefined}>
            <span aria-hidden="true">♡</span> unhealthy
          </span>
        )}
        {isPast ? <PastBanner /> : <Controls />}
      </div>
      <p class="sentence" aria-live="polite">
        <Sentence isPast={isPast} status={status} />
        <Countdown />
        {!isPast && <Troubles />}
      </p>
      <LastWords />
    </div>
  );
}

/** For the viewed generation, else for the one that serves, in God's words. */
function liveStatus(): ProcessStatus | null {
  const life = generation.value === null ? undefined : shownLife.value;
  if (life?.generation === generation.value) return statusOf(life?.states ?? []);
  return selected.value?.status ?? null;
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
    : (shownLife.value?.sentence ?? selected.value?.decision);
  if (isPast && past.value === null) {
    const isReading = recorded.process.isReading.value;
    return <>{isReading ? "Reading the history…" : "No record of it at this moment."}</>;
  }
  if (status === null) return <>It was removed; its history is kept.</>;
  if (status !== "online" && status !== "starting") {
    return <>{said ?? "No decisions yet."}</>;
  }
  const before = isPast ? said : selected.value?.decision;
  return (
    <>
      <Running isPast={isPast} status={status} />{" "}
      {before == null ? "It has never exited." : <span class="before">Before: {before}</span>}
    </>
  );
}

function Running({ isPast, status }: { isPast: boolean; status: ProcessStatus }) {
  useNow(1_000);
  const view = isPast ? past.value?.machine : shownLife.value;
  const child = (view?.context as { child?: { pid: number; at: number | null } } | undefined)
    ?.child;
  const { pid, at: begin } = child ?? {};
  const at = moment.value ?? now();
  const verb = status === "online" ? "Runs" : "Starts";
  const age = begin == null ? "" : ` for ${duration(roughly(Math.max(0, at - begin)))}`;
  return (
    <>
      {verb}
      {age}
      {pid == null ? "" : ` as pid ${pid}`}.{!isPast && <Finding />}
    </>
  );
}

/** What its probes found, while they fail. */
function Finding() {
  const { health, finding } = selected.value ?? {};
  if (health !== "unhealthy") return null;
  return <> It is unhealthy{finding == null ? "" : ` (${plain(finding)})`}.</>;
}

/** Sensors that do not work: nothing restarts it on their account. */
function Troubles() {
  const troubles = selected.value?.troubles ?? [];
  if (troubles.length === 0) return null;
  return <span class="trouble"> ⚠ {troublesText(troubles)}</span>;
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

/** The pending delay, and how much of it is left. */
function Countdown() {
  useNow(500);
  const view = moment.value === null ? shownLife.value : past.value?.machine;
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
