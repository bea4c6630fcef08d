import { readFileSync } from "node:fs";
import { errnoOf } from "../contract/errors.ts";

/** The kernel's name for this boot of the machine (random(4)); `undefined` where it has none. */
export function readBootId(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
