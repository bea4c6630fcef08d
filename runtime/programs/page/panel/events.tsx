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
  const { at, event, states, status, exit, decision, pid, restarts, unstableRestarts } = record;
  const { kind, reload, cause, app, by } = record;
  const isProcess = kind === "process";
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
        {!isProcess && <span class="event-of">{ofWhat(record)}</span>}
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
        <dl>
          <dt>states</dt>
          <dd>{states || "not recorded"}</dd>
          {by !== null && (
            <>
              <dt>by</dt>
              <dd>{by}</dd>
            </>
          )}
          {kind === "god" && app !== "" && (
            <>
              <dt>app</dt>
              <dd>{app}</dd>
            </>
          )}
          {reload !== null && (
            <>
              <dt>by</dt>
              <dd>{reload.by}</dd>
              <dt>done</dt>
              <dd>
                {reload.done} of {reload.total}
              </dd>
            </>
          )}
          {cause !== null && (
            <>
              <dt>cause</dt>
              <dd>{cause.event}</dd>
            </>
          )}
          {reload?.failure != null && (
            <>
              <dt>failed</dt>
              <dd>
                process {reload.failure.id}: {reload.failure.reason}
              </dd>
            </>
          )}
          {pid !== null && (
            <>
              <dt>pid</dt>
              <dd>{pid}</dd>
            </>
          )}
          {isProcess && (
            <>
              <dt>restarts</dt>
              <dd>
                {restarts}, unstable in a row {unstableRestarts}
              </dd>
            </>
          )}
          {decision !== null && (
            <>
              <dt>decided</dt>
              <dd>{decision.sentence}</dd>
              <dt>saw</dt>
              <dd>{sawInWords(decision) || "nothing"}</dd>
            </>
          )}
          <dt>record</dt>
          <dd>{record.seq}</dd>
        </dl>
      </details>
    </li>
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
