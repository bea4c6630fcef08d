import type { ProcessView } from "../../runtime/client/connection/types.ts";
import { xmError } from "../../runtime/contract/errors.ts";

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

/** PM2's `--sort field:order`, as {@link checkedSort} has let it pass. */
export function sortList(list: ProcessView[], by: string | undefined): ProcessView[] {
  if (by === undefined) return list;
  const [field = "", order] = by.split(":");
  const key = sortKeys[field] ?? (({ id }) => id);
  const sign = order === "desc" ? -1 : 1;
  return list.toSorted((a, b) => sign * compare(key(a), key(b)));
}

/**
 * Looks at a `--sort` before anything is done.
 * @throws `ERR_USAGE`
 */
export function checkedSort(by: string): string {
  const [field = ""] = by.split(":");
  if (Object.hasOwn(sortKeys, field)) return by;
  throw xmError("ERR_USAGE", {
    what: `nothing to sort by in --sort "${by}"`,
    fix: `sort by ${Object.keys(sortKeys).join(", ")}`,
  });
}

function compare(a: number | string, b: number | string): number {
  return typeof a === "string" ? a.localeCompare(String(b)) : a - Number(b);
}
