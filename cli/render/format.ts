const units = ["b", "kb", "mb", "gb"] as const;

/** `45.2mb`, as PM2 shows sizes. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return "–";
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)}${units[unit]}`;
}

export function formatPercent(percent: number | null): string {
  return percent === null ? "–" : `${percent >= 10 ? percent.toFixed(0) : percent.toFixed(1)}%`;
}

/** Two letters at most: `45s`, `3m`, `2h`, `10D`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}D`;
}

/** Local time to the second, sortable. */
export function formatTime(at: number): string {
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  if (Number.isNaN(date.getTime())) return "unknown time";
  return date.toISOString().slice(0, 19).replace("T", " ");
}
