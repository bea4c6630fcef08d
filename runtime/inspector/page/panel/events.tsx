import { useEffect, useRef, useState } from "preact/hooks";
import { duration, howItEnded } from "../../../../machines/lib/words.ts";
import type { HistoryRecord } from "../../../history/record.ts";
import { sawInWords } from "../moment/guards.ts";
import { moment, now, past, pastRecords, records, selectedId } from "../state/store.ts";
import { travelTo } from "../state/travel.ts";
import { clock, moment as momentText, statusMarks, statusWord } from "../words.ts";

/** Rows shown at first, and with each "more". */
const step = 100;

/** What happened to the selected process, the newest first; each leads to its moment. */
export function Events() {
  const [count, setCount] = useState(step);
  if (selectedId.value === null) return <p class="empty">No process is chosen.</p>;
  const known = pastRecords.value.length > 0 ? pastRecords.value : records.value;
  const at = moment.value;
  const shown = known.slice(-count).toReversed();
  if (shown.length === 0) return <p class="empty">Nothing is recorded of it yet.</p>;
  return (
    <>
      <ol class="events">
        {shown.map((record) => (
          <Event
            key={record.seq}
            record={record}
            isShown={at !== null && past.value?.record.seq === record.seq}
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
        title="Look at this moment"
        onClick={() => travelTo(at)}
      >
        <time title={momentText(at, now())}>{clock(at)}</time>
        <span class="event-name">{event}</span>
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
        <summary>{decision === null ? states : `${decision.rule} → ${decision.next}`}</summary>
        <dl>
          <dt>states</dt>
          <dd>{states}</dd>
          {pid !== null && (
            <>
              <dt>pid</dt>
              <dd>{pid}</dd>
            </>
          )}
          <dt>restarts</dt>
          <dd>
            {restarts}, unstable in a row {unstableRestarts}
          </dd>
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
