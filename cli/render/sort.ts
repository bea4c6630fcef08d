import type { ProcessView } from "../../runtime/client/types.ts";
import { xmError } from "../../runtime/errors.ts";

const sortKeys: Readonly<Record<string, (process: ProcessView) => number | string>> = {
  name: ({ name }) => name,
  id: ({ id }) => id,
  pid: ({ pid }) => pid ?? 0,
  memory: ({ memoryBytes }) => memoryBytes ?? 0,
  cpu: ({ cpuPercent }) => cpuPercent ?? 0,
  status: ({ status }) => status,
  uptime: ({ startedAt }) => (startedAt === null ? 0 : -startedAt),
  restarts: ({ restarts }) => restarts,
};

/** PM2's `--sort field:order`. */
export function sortList(list: ProcessView[], by: string | undefined): ProcessView[] {
  if (by === undefined) return list;
  const [field = "", order] = by.split(":");
  const key = sortKeys[field];
  if (key === undefined) {
    const fix = `sort by ${Object.keys(sortKeys).join(", ")}`;
    throw xmError("ERR_USAGE", { what: `nothing to sort by in --sort "${field}"`, fix });
  }
  const sign = order === "desc" ? -1 : 1;
  return list.toSorted((a, b) => sign * compare(key(a), key(b)));
}

function compare(a: number | string, b: number | string): number {
  return typeof a === "string" ? a.localeCompare(String(b)) : a - Number(b);
}
