import { filter } from "../state/store.ts";

/** The field by which processes are found. */
export function FilterField({ onKeyDown }: { onKeyDown?: (event: KeyboardEvent) => void }) {
  return (
    <input
      id="filter"
      type="search"
      placeholder="Filter: name, id, status"
      aria-label="Filter processes by name, id or status"
      title="/"
      value={filter.value}
      onInput={({ currentTarget }) => (filter.value = currentTarget.value)}
      onKeyDown={onKeyDown}
    />
  );
}
