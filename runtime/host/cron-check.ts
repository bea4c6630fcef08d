import { createRequire } from "node:module";
import { join } from "node:path";
import { settingsFor } from "../contract/cron.ts";
import { messageOf } from "../contract/errors.ts";

/** What is wrong with a cron pattern or its time zone; `undefined` when it can be used. Croner is loaded for the first one. */
export function cronFault(pattern: string, timezone: string | null = null): string | undefined {
  try {
    const { Cron } = load("croner") as typeof import("croner");
    new Cron(pattern, { ...settingsFor(timezone), paused: true }).nextRun();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

const load = createRequire(join(import.meta.dirname, "croner.cjs"));
