/** A span before it is sent: what it covers, and the spans inside it. Times are ms since the epoch. */
export interface Span {
  readonly name: string;
  readonly startMs: number;
  endMs: number;
  readonly attributes: Record<string, string | number | boolean>;
  readonly events: SpanEvent[];
  /** Why it failed; `null` if it did not. */
  error: string | null;
  readonly children: Span[];
}

interface SpanEvent {
  readonly name: string;
  readonly atMs: number;
}

/** Takes a whole trace, by its root. */
export type TakeTrace = (root: Span) => void;

/** Of a life that lasts for months, such as of an app whose probes fail now and then. */
const mostEvents = 100;

export function openSpan(
  name: string,
  startMs: number,
  attributes: Readonly<Record<string, string | number | boolean | null>> = {},
): Span {
  const known = Object.entries(attributes).filter(
    (pair): pair is [string, string | number | boolean] => pair[1] !== null,
  );
  const own = Object.fromEntries(known);
  return { name, startMs, endMs: startMs, attributes: own, events: [], error: null, children: [] };
}

/** The first of many are kept, and the others counted. */
export function addEvent(span: Span, name: string, atMs: number): void {
  if (span.events.length < mostEvents) span.events.push({ name, atMs });
  else span.attributes["xm.events_dropped"] = Number(span.attributes["xm.events_dropped"] ?? 0) + 1;
}

/** A clock that was set back must not make a span end before it began. */
export function closeSpan(span: Span, endMs: number): void {
  span.endMs = Math.max(span.startMs, endMs);
}
