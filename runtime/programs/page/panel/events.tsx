import { useEffect, useRef, useState } from "preact/hooks";
import { duration, howItEnded } from "../../../../machines/lib/words.ts";
import type { HistoryRecord } from "../../../contract/history.ts";
import { sawInWords } from "../moment/guards.ts";
import { shownPast, shownName, shownRecords } from "../state/shown.ts";
import { now, selectedId } from "../state/store.ts";
import { travelTo } from "../state/travel.ts";
import { clock, moment as momentText, statusMarks, statusWord } from "../words.ts";

/** Rows shown at first, and with each "more". */
const step = 100;

/** What happened to the machine whose chart is shown, the newest first; each leads to its moment. */
export function Events() {
  const [count, setCount] = useState(step);
  if (selectedId.value === null && shownName.value !== "god") {
    return <p class="empty">No process is chosen.</p>;
  }
  const known = shownRecords.value;
  const shown = known.slice(-count).toReversed();
  if (shown.length === 0) return <p class="empty">No records yet.</p>;
  return (
    <>
      <ol class="events">
        {shown.map((record) => (
          <Event
            key={record.seq}
            record={record}
            isShown={shownPast.value?.record.seq === record.seq}
          />
        ))}
      </ol>
      {known.length > count && (
        <button type="button" class="more" onClick={() => setCount(count + step)}>
          {Math.min(step, known.length - count)} more
        </button>
      )}
    </>
  );
}

function Event({ record, isShown }: { record: HistoryRecord; isShown: boolean }) {
  const { kind, at, event, states, status, exit, decision } = record;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isShown) row.current?.scrollIntoView({ block: "nearest" });
  }, [isShown]);
  return (
    <li ref={row} class={isShown ? "shown" : ""}>
      <button
        type="button"
        class="event"
        aria-current={isShown ? "true" : undefined}
        title="View this moment"
        onClick={() => travelTo(at)}
      >
        <time title={momentText(at, now())}>{clock(at)}</time>
        <span class="event-name">{kind === "daemon" ? `daemon ${event}` : event}</span>
        {kind !== "process" && <span class="event-of">{ofWhat(record)}</span>}
        {status !== null && (
          <span class={`status ${status}`}>
            <span aria-hidden="true">{statusMarks[status]}</span> {statusWord(status)}
          </span>
        )}
      </button>
      {exit !== null && (
        <p class="event-text">
          {howItEnded(exit)} after {duration(exit.uptimeMs)}.
        </p>
      )}
      <details>
        <summary>
          {decision === null ? states || "up" : `${decision.rule} → ${decision.next}`}
        </summary>
        <Details record={record} />
      </details>
    </li>
  );
}

/** All that a record says. */
function Details({ record }: { record: HistoryRecord }) {
  const { states, by, kind, app, reload, cause, pid, restarts, unstableRestarts } = record;
  const { decision } = record;
  const failure = reload?.failure ?? null;
  return (
    <dl>
      <Said of="states">{states || "not recorded"}</Said>
      {by !== null && <Said of="by">{by}</Said>}
      {kind === "god" && app !== "" && <Said of="app">{app}</Said>}
      {reload !== null && <Said of="by">{reload.by}</Said>}
      {reload !== null && <Said of="done">{`${reload.done} of ${reload.total}`}</Said>}
      {cause !== null && <Said of="cause">{cause.event}</Said>}
      {failure !== null && <Said of="failed">{`process ${failure.id}: ${failure.reason}`}</Said>}
      {pid !== null && <Said of="pid">{pid}</Said>}
      {kind === "process" && (
        <Said of="restarts">{`${restarts}, unstable in a row ${unstableRestarts}`}</Said>
      )}
      {decision !== null && <Said of="decided">{decision.sentence}</Said>}
      {decision !== null && <Said of="saw">{sawInWords(decision) || "nothing"}</Said>}
      <Said of="record">{record.seq}</Said>
    </dl>
  );
}

function Said({ of, children }: { of: string; children: string | number }) {
  return (
    <>
      <dt>{of}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** The subject of a record that is not about a process, in a word or two. */
function ofWhat({ kind, reload, cause, app, pid, context }: HistoryRecord): string {
  if (kind === "reload" && reload !== null) {
    const of = cause?.id == null ? "" : `process ${cause.id}, `;
    return `${of}${reload.done} of ${reload.total}`;
  }
  if (kind === "app") {
    const count = (context?.["processes"] as unknown[] | undefined)?.length ?? 0;
    return count === 1 ? "1 process" : `${count} processes`;
  }
  return kind === "god" && app !== "" ? app : `pid ${pid}`;
}
