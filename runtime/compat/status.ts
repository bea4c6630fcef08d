import type { ProcessStatus } from "../../machines/facts.ts";

/** The word of scripts: PM2 has none for what waits for others, and it too has no pid and starts by itself. */
export function pm2StatusWord(status: ProcessStatus): string {
  return status === "pending" ? "waiting restart" : statusWord(status);
}

/** PM2's word for where a process is; `pending` is ours. */
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
