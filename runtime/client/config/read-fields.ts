import { closest } from "fastest-levenshtein";
import { fieldsByName } from "../../contract/fields/fields.ts";
import { rangeFault } from "./_ranges.ts";
import { expectations, readers } from "./_readers.ts";
import type { RawApp } from "../../contract/fields/raw-app.ts";

/** The fields of an app, read: canonical names, and values of the kinds the table says. */
export type ReadApp = Readonly<Record<string, unknown>>;

/** What came of reading an app: faults keep it from being used, warnings do not. */
export interface Reading {
  readonly app: ReadApp;
  /** The same fields as their user wrote them: what scripts read back. */
  readonly written: RawApp;
  readonly faults: string[];
  readonly warnings: string[];
}

/**
 * Reads the fields of one app and tells every fault with its path and what was expected. A field that nobody knows
 * is a warning with the nearest known one, since files are shared with other tools and other versions.
 * @param path where the app stands, for example `apps[2]`.
 */
export function readFields(raw: RawApp, path: string): Reading {
  const app: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const written: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const faults: string[] = [];
  const warnings: string[] = [];
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    return { app, written, faults: [`${path}: expected an app, got ${show(raw)}`], warnings };
  }
  for (const [name, value] of Object.entries(raw)) {
    if (value === undefined || value === null) continue;
    const found = name.startsWith("env_") ? fieldsByName.get("env") : fieldsByName.get(name);
    if (found === undefined) {
      const near = closest(name, [...fieldsByName.keys()]);
      warnings.push(`${path}.${name}: no such field; did you mean "${near}"? It is not used`);
      continue;
    }
    const read = readers[found.kind](value);
    const expected = read === undefined ? expectations[found.kind] : rangeFault(found, read);
    if (expected !== undefined) {
      faults.push(`${path}.${name}: expected ${expected}, got ${show(value)}`);
      continue;
    }
    const canonical = name.startsWith("env_") ? name : found.name;
    app[canonical] = read;
    written[canonical] = value;
    if (canonical === "log_type" && !logTypes.includes(read as string)) {
      warnings.push(
        `${path}.${name}: "json" makes records; ${show(value)} leaves lines as they are`,
      );
    }
  }
  return { app, written, faults, warnings };
}

const logTypes: readonly string[] = ["json", "plain", "raw", ""];

/** A value as its user wrote it, not longer than a line. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
