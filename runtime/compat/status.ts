import type { ProcessStatus } from "../../machines/facts.ts";

/**
 * The word of scripts: PM2 has none for what waits for others, and it too has no pid and starts by itself; nor for the end
 * of a job.
 */
export function pm2StatusWord(status: ProcessStatus): string {
  switch (status) {
    case "pending":
      return "waiting restart";
    case "completed":
      return "stopped";
    case "failed":
      return "errored";
    default:
      return statusWord(status);
  }
}

/** PM2's word for where a process is; `pending`, `completed` and `failed` are ours. */
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
