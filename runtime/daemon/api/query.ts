import { xmError } from "../../contract/errors.ts";
import { historyKinds, type HistoryKind } from "../../contract/history.ts";

/** @throws `ERR_INPUT_INVALID` */
export function kindsFrom(query: URLSearchParams): HistoryKind[] | undefined {
  const asked = query.get("kinds")?.split(",").filter(Boolean);
  const unknown = asked?.filter((kind) => !historyKinds.includes(kind as HistoryKind)) ?? [];
  if (unknown.length > 0) {
    const known = historyKinds.join(", ");
    throw xmError("ERR_INPUT_INVALID", {
      faults: unknown.map((kind) => `kinds: expected of ${known}, got ${kind}`),
    });
  }
  return asked as HistoryKind[] | undefined;
}

export function numberFrom(text: string | null | undefined, otherwise: number): number {
  const value = Number(text ?? Number.NaN);
  return Number.isInteger(value) && value >= 0 ? value : otherwise;
}
