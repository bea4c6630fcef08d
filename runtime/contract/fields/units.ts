const timeUnitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const sizeUnitsBytes: Readonly<Record<string, number>> = {
  B: 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
};

/** A time in ms: a number is ms, a text has a unit (`"10s"`, `"5m"`, `"1h"`). `undefined` when it is neither. */
export function parseDuration(value: unknown): number | undefined {
  return parseWithUnit(value, /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/, timeUnitsMs);
}

/** An age in ms, which may be given in days and weeks too (`"14d"`, `"2w"`). `undefined` if it is not one. */
export function parseAge(value: unknown): number | undefined {
  return (
    parseDuration(value) ??
    parseWithUnit(value, /^(\d+(?:\.\d+)?)(d|w)$/, { d: 86_400_000, w: 604_800_000 })
  );
}

/** A size in bytes: a number is bytes, a text has a unit (`"300K"`, `"300M"`, `"1G"`). `undefined` when it is neither. */
export function parseSize(value: unknown): number | undefined {
  return parseWithUnit(value, /^(\d+(?:\.\d+)?)([BKMG])B?$/, sizeUnitsBytes);
}

function parseWithUnit(
  value: unknown,
  pattern: RegExp,
  units: Readonly<Record<string, number>>,
): number | undefined {
  if (typeof value === "number")
    return Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined;
  if (typeof value !== "string") return undefined;
  const match = pattern.exec(value.trim());
  if (match === null) return /^\d+$/.test(value) ? Number(value) : undefined;
  return Math.round(Number(match[1]) * (units[match[2] ?? ""] ?? 1));
}
