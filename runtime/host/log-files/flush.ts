import { truncateSync } from "node:fs";
import { errnoOf } from "../../contract/errors.ts";

/** Empties log files. Their writers go on at the new end: they append. What is not there or is no file is passed over. */
export function flushLogs(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      truncateSync(path, 0);
    } catch (error) {
      if (!["ENOENT", "EINVAL", "ENXIO"].includes(errnoOf(error) ?? "")) throw error;
    }
  }
}
