import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pm2Version } from "../support/pm2.ts";
import type { Facts } from "./compare.ts";

/** What PM2 did in each scenario of a group, kept by `npm run parity`. */
interface Observed {
  readonly pm2: string;
  readonly scenarios: Readonly<Record<string, Facts>>;
}

/** The kept facts of a group. @throws when they are of another PM2 than the pinned one. */
export function readObserved(group: string): Observed["scenarios"] {
  const file = fileOf(group);
  if (!existsSync(file)) return {};
  const observed = JSON.parse(readFileSync(file, "utf8")) as Observed;
  if (observed.pm2 !== pm2Version) {
    throw new Error(`${file} is of PM2 ${observed.pm2}, not ${pm2Version}: run npm run parity`);
  }
  return observed.scenarios;
}

/** Keeps the facts of the scenarios that ran, in the order of the group; those of scenarios that are gone go. */
export function writeObserved(
  group: string,
  names: readonly string[],
  seen: ReadonlyMap<string, Facts>,
): void {
  const before = existsSync(fileOf(group)) ? readObserved(group) : {};
  const entries = names.flatMap((name) => {
    const facts = seen.get(name) ?? before[name];
    return facts === undefined ? [] : [[name, facts] as const];
  });
  const observed: Observed = { pm2: pm2Version, scenarios: Object.fromEntries(entries) };
  writeFileSync(fileOf(group), `${JSON.stringify(observed, null, 2)}\n`);
}

function fileOf(group: string): string {
  return join(import.meta.dirname, "observed", `${group}.json`);
}
