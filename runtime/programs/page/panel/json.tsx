import { duration } from "../../../../machines/lib/words.ts";
import { now } from "../state/store.ts";
import { moment } from "../words.ts";

/** Longer lists are cut. */
const mostEntries = 100;

/** A JSON value as a tree. Inner values can be folded; the outer ones and short ones are open. */
export function Json({ value }: { value: unknown }) {
  return (
    <div class="json">
      {entriesOf(value).map(([name, each]) => (
        <Entry key={name} name={name} value={each} depth={0} />
      ))}
    </div>
  );
}

function Entry({ name, value, depth }: { name: string; value: unknown; depth: number }) {
  const inner = entriesOf(value);
  if (typeof value !== "object" || value === null || inner.length === 0) {
    return (
      <p class="json-line">
        <span class="json-name">{name}</span>
        <Scalar value={value} />
        <Meaning name={name} value={value} />
      </p>
    );
  }
  const isOpen = depth === 0 && inner.length <= 8 && name !== "spec";
  return (
    <details open={isOpen}>
      <summary>
        <span class="json-name">{name}</span>
        <span class="faint">
          {Array.isArray(value) ? `${inner.length} items` : summaryOf(inner)}
        </span>
      </summary>
      <div class="json-inner">
        {inner.slice(0, mostEntries).map(([key, each]) => (
          <Entry key={key} name={key} value={each} depth={depth + 1} />
        ))}
        {inner.length > mostEntries && <p class="faint">… {inner.length - mostEntries} more</p>}
      </div>
    </details>
  );
}

/** A number with its unit, if its name marks it as a moment or a duration. */
function Meaning({ name, value }: { name: string; value: unknown }) {
  if (typeof value !== "number") return null;
  const isMoment = /^at$|At$/.test(name) && value > 1e12;
  if (!isMoment && !name.endsWith("Ms")) return null;
  return <span class="faint">{isMoment ? moment(value, now()) : duration(value)}</span>;
}

function Scalar({ value }: { value: unknown }) {
  if (Array.isArray(value)) return <span class="faint">none</span>;
  if (typeof value === "object" && value !== null) return <span class="faint">empty</span>;
  const kind = value === null ? "null" : typeof value;
  return (
    <span class={`json-${kind}`}>{typeof value === "string" ? value : JSON.stringify(value)}</span>
  );
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

function summaryOf(inner: readonly [string, unknown][]): string {
  const names = inner.map(([name]) => name);
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} …` : names.join(", ");
}
