import type { AppSpec, Confinement, RlimitSpec } from "../../../machines/spec.ts";
import {
  capabilityNames,
  limits as limitTable,
  type LimitName,
} from "../../contract/fields/confinement.ts";
import { parseSize } from "../../contract/fields/units.ts";

/** `{ nofile: 1024, core: "unlimited", as: { soft: "1G", hard: "2G" } }`; `undefined` for what cannot be. */
export function readLimits(value: unknown): Confinement["limits"] | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const limits: Record<string, RlimitSpec> = {};
  for (const [name, each] of Object.entries(value)) {
    const limit = Object.hasOwn(limitTable, name) ? readLimit(name as LimitName, each) : undefined;
    if (limit === undefined) return undefined;
    limits[name] = limit;
  }
  return limits;
}

function readLimit(name: LimitName, value: unknown): RlimitSpec | undefined {
  if (typeof value !== "object" || value === null) {
    const both = readAmount(name, value);
    return both === undefined ? undefined : { soft: both, hard: both };
  }
  const { soft: given, hard: most } = value as Readonly<Record<string, unknown>>;
  const soft = readAmount(name, given ?? most);
  const hard = readAmount(name, most ?? given);
  if (soft === undefined || hard === undefined) return undefined;
  return hard !== null && (soft === null || soft > hard) ? undefined : { soft, hard };
}

/** `null` means unlimited. */
function readAmount(name: LimitName, value: unknown): number | null | undefined {
  if (value === "unlimited" || value === "infinity") return null;
  const amount =
    "isBytes" in limitTable[name]
      ? parseSize(value)
      : typeof value === "string" && /^\d+$/.test(value)
        ? Number(value)
        : value;
  return typeof amount === "number" && Number.isSafeInteger(amount) && amount >= 0
    ? amount
    : undefined;
}

/** `3`, `"idle"`, `"best-effort:3"`, `"realtime"`. */
export function readIonice(value: unknown): Confinement["ionice"] | undefined {
  const text = String(value);
  if (text === "idle") return { class: "idle", level: null };
  const [, word = "best-effort", level = "4"] =
    /^(?:(best-effort|realtime)(?::(?=.))?)?([0-7])?$/.exec(text) ?? [];
  if (text === "" || !/^(?:(?:best-effort|realtime)(?::[0-7])?|[0-7])$/.test(text))
    return undefined;
  return { class: word as "best-effort" | "realtime", level: Number(level) };
}

/** Without the optional prefix `cap_`. */
export function readCapabilities(value: unknown): string[] | undefined {
  const list: unknown[] =
    typeof value === "string" ? value.split(/[\s,]+/) : Array.isArray(value) ? value : [null];
  const names = list.map((each) =>
    typeof each === "string" ? each.toLowerCase().replace(/^cap_/, "") : "",
  );
  return names.every((each) => (capabilityNames as readonly string[]).includes(each))
    ? names
    : undefined;
}

/** An app's limits and rights; nothing if it declares none. */
export function confinementOf(
  app: Readonly<Record<string, unknown>>,
): Pick<AppSpec, "confinement"> | object {
  const said = {
    limits: app["limits"],
    nice: app["nice"],
    ionice: app["ionice"],
    oomScoreAdjust: app["oom_score_adjust"],
    noNewPrivileges: app["no_new_privileges"] === true ? true : undefined,
    capabilities: app["capabilities"],
    groups: app["supplementary_groups"],
  };
  const given = Object.entries(said).filter(([, value]) => value !== undefined);
  return given.length === 0 ? {} : { confinement: Object.fromEntries(given) as Confinement };
}
