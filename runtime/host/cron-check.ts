import { createRequire } from "node:module";
import { join } from "node:path";
import { messageOf } from "../contract/errors.ts";

/** What is wrong with a cron pattern; `undefined` when it can be used. Croner is loaded for the first one. */
export function cronFault(pattern: string): string | undefined {
  try {
    const { Cron } = load("croner") as typeof import("croner");
    new Cron(pattern, { paused: true, sloppyRanges: true }).stop();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

const load = createRequire(join(import.meta.dirname, "croner.cjs"));
