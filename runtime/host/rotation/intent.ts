import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { intentSchema, type Intent } from "../../contract/rotation.ts";
import { errnoOf } from "../../contract/errors.ts";
import { writeFileAtomic } from "../atomic.ts";
import { parseJson } from "../parse-json.ts";

/** The one rotation that is in progress in a home. */
function intentFile(folder: string): string {
  return join(folder, "intent.json");
}

/** On disk before anything else happens. */
export function declareIntent(folder: string, intent: Intent): void {
  writeFileAtomic(intentFile(folder), JSON.stringify(intent));
}

/** While writers are paused nothing waits for the disk: the page cache survives a kill. */
export function changeIntent(folder: string, intent: Intent): void {
  const temporary = `${intentFile(folder)}.next`;
  writeFileSync(temporary, JSON.stringify(intent), { mode: 0o600 });
  renameSync(temporary, intentFile(folder));
}

export function removeIntent(folder: string): void {
  rmSync(intentFile(folder), { force: true });
}

/** @returns `undefined` when there is none, or none that can be read. */
export function readIntent(folder: string): Intent | undefined {
  let text: string;
  try {
    text = readFileSync(intentFile(folder), "utf8");
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
  try {
    const read = v.safeParse(intentSchema, parseJson(text));
    return read.success ? read.output : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
