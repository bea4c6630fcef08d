import type { ProcessStatus } from "../../machines/facts.ts";

/** PM2's word for where a process is. */
export function statusWord(status: ProcessStatus): string {
  switch (status) {
    case "starting":
      return "launching";
    case "waiting":
      return "waiting restart";
    case "removed":
      return "stopped";
    default:
      return status;
  }
}
