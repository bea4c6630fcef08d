import { nothingWanted, isWanted, type Wanted } from "./log-buffer.ts";

const levels = ["debug", "info", "warn", "error"] as const;

const times = [
  ["any time", 0],
  ["10 min", 600_000],
  ["1 h", 3_600_000],
  ["1 d", 86_400_000],
] as const;

/** What is looked for in the logs; `told` is what was found. */
export function LogSearch(options: {
  wanted: Wanted;
  onChange: (wanted: Wanted) => void;
  fault: string | null;
  told: string | null;
  isCut: boolean;
}) {
  const { wanted, onChange, fault, told, isCut } = options;
  return (
    <div class="log-search" role="search" aria-label="Search the log">
      <input
        type="search"
        placeholder="Search: text or /regex/"
        aria-label="Search the log: a text, or an expression between slashes"
        aria-invalid={fault !== null}
        value={wanted.text}
        onInput={({ currentTarget }) => onChange({ ...wanted, text: currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || !isWanted(wanted)) return;
          event.preventDefault();
          onChange(nothingWanted);
        }}
      />
      <select
        aria-label="Level"
        value={wanted.level}
        onChange={({ currentTarget }) => onChange({ ...wanted, level: currentTarget.value })}
      >
        <option value="">all levels</option>
        {levels.map((level) => (
          <option key={level} value={level}>
            {level === "error" ? "error" : `${level} +`}
          </option>
        ))}
      </select>
      <select
        aria-label="Since"
        value={String(wanted.withinMs)}
        onChange={({ currentTarget }) =>
          onChange({ ...wanted, withinMs: Number(currentTarget.value) })
        }
      >
        {times.map(([label, ms]) => (
          <option key={label} value={String(ms)}>
            {label}
          </option>
        ))}
      </select>
      {(fault ?? told) !== null && (
        <p class={fault === null ? "faint" : "fault"} role="status">
          {fault ?? told}
          {fault === null && isCut && (
            <>
              ; <code>xm logs --grep</code> searches all
            </>
          )}
        </p>
      )}
    </div>
  );
}
