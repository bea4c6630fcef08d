import { duration } from "../../../../machines/lib/words.ts";
import type { SimulatedEvent } from "../../../../machines/simulation.ts";
import { statusMarks, statusWord } from "../words.ts";
import { segmentsOf } from "./segments.ts";
import type { Answered } from "./worker.ts";

/** Rows of the table; the picture has them all. */
const mostRows = 300;

/** How it went: the end in a sentence, the time-line, and every change. */
export function Result({
  answer,
  isStale,
  forMs,
}: {
  answer: Answered;
  isStale: boolean;
  forMs: number;
}) {
  const { simulation, tookMs } = answer;
  const { events, end, lives } = simulation;
  const until =
    end.because === "at rest" ? Math.max(1, end.at * 1.04) : Math.max(1, Math.min(end.at, forMs));
  const segments = segmentsOf(simulation, { until, width: 1_000 });
  const shown = events.filter(
    ({ status, pid, decision }) =>
      status !== "starting" || pid !== undefined || decision !== undefined,
  );
  return (
    <div class={isStale ? "stale" : ""} aria-live="polite">
      <p class={`sentence end ${end.status}`}>
        <span class={`status big ${end.status}`}>
          <span aria-hidden="true">{statusMarks[end.status]}</span> {statusWord(end.status)}
        </span>{" "}
        {end.sentence}
      </p>
      <svg
        class="whatif-line"
        viewBox="0 0 1000 34"
        preserveAspectRatio="none"
        role="img"
        aria-label={`Time-line of ${duration(until)}: ${end.sentence}`}
      >
        <rect class="lane" x="0" y="6" width="1000" height="22" />
        {segments.map(({ x, width, status }) => (
          <rect
            key={x}
            class={`status-fill ${status}`}
            x={x}
            y={status === "stopped" || status === "completed" ? 15 : 6}
            width={width}
            height={status === "stopped" || status === "completed" ? 4 : 22}
          />
        ))}
      </svg>
      <p class="axis faint">
        <span>0</span>
        <span>{duration(until / 2)}</span>
        <span>{duration(until)}</span>
      </p>
      <p class="faint figures">
        {lives === 1 ? "1 life" : `${lives} lives`}, {events.length} changes, {duration(end.at)}{" "}
        played in {duration(tookMs)} by the machine itself.
      </p>
      <Changes events={shown} />
    </div>
  );
}

/** Every change, to be read one by one. */
function Changes({ events }: { events: readonly SimulatedEvent[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Every change">
      <table class="changes">
        <thead>
          <tr>
            <th>at</th>
            <th>status</th>
            <th>why</th>
          </tr>
        </thead>
        <tbody>
          {events.slice(0, mostRows).map((event, index) => (
            <tr key={index}>
              <td class="number">+{seconds(event.at)}</td>
              <td>
                <span class={`status ${event.status}`}>
                  <span aria-hidden="true">{statusMarks[event.status]}</span>{" "}
                  {statusWord(event.status)}
                </span>
              </td>
              <td>{whyOf(event)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {events.length > mostRows && <p class="faint">… {events.length - mostRows} more</p>}
    </div>
  );
}

/** `0.5 s`, `1 min 30.5 s`: to the millisecond, since two of them are to be told apart. */
function seconds(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const rest = `${(ms % 60_000) / 1_000} s`;
  return minutes === 0 ? rest : `${minutes} min ${rest}`;
}

function whyOf({ event, pid, decision }: SimulatedEvent): string {
  if (decision !== undefined) return decision.sentence;
  if (event === "child.ready") return `child ${pid} reports that it is ready`;
  if (event === "listenTimeout")
    return `child ${pid} did not become ready within listen_timeout; it counts as online`;
  return pid === undefined ? event : `child ${pid}`;
}
