import type { Confinement, RlimitSpec } from "../../../machines/spec.ts";
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

/** `1.5`, `"1.5"`, `"150%"`. */
export function readCpus(value: unknown): number | undefined {
  const text = typeof value === "number" ? String(value) : value;
  const [, number, percent] =
    (typeof text === "string" && /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim())) || [];
  if (number === undefined) return undefined;
  return percent === "%" ? Number(number) / 100 : Number(number);
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

/** As it is written, with each switch there; paths are resolved by `confinementOf`. */
export interface ReadPermissions {
  readonly fs_read: readonly string[] | true | undefined;
  readonly fs_write: readonly string[] | true | undefined;
  readonly child_process: boolean;
  readonly worker: boolean;
  readonly addons: boolean;
  readonly wasi: boolean;
}

export function readNodePermissions(value: unknown): ReadPermissions | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const given = value as Readonly<Record<string, unknown>>;
  const { fs_read, fs_write, child_process, worker, addons, wasi, ...others } = given;
  const switches = [child_process, worker, addons, wasi].map((each = false) => each);
  const paths = [fs_read, fs_write].map((each) =>
    each === false ? [] : typeof each === "string" ? [each] : each,
  );
  const isSound =
    Object.keys(others).length === 0 &&
    switches.every((each) => typeof each === "boolean") &&
    paths.every((each) => each === undefined || each === true || isPaths(each));
  if (!isSound) return undefined;
  const [isChild, isWorker, isAddon, isWasi] = switches;
  const [read, write] = paths as ReadPermissions["fs_read"][];
  return {
    fs_read: read,
    fs_write: write,
    child_process: isChild === true,
    worker: isWorker === true,
    addons: isAddon === true,
    wasi: isWasi === true,
  };
}

const isPaths = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length <= 900 &&
  value.every((each) => typeof each === "string" && each !== "" && !/[\0\n]/.test(each));
