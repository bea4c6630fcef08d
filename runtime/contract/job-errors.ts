import { define } from "./error-entry.ts";

/** Failures about jobs. */
export const jobErrors = {
  ERR_JOB_NOT_SCALED: define("invalid", (p: { name: string }) => ({
    what: `${p.name} is a job (type: oneshot), and a job is one process`,
    fix: "declare a second job under another name",
  })),
  ERR_NOT_A_JOB: define("invalid", (p: { name: string }) => ({
    what: `${p.name} is not a job`,
    why: "only the run of a job ends, and can be waited for",
    fix: `declare it with type: "oneshot", or use \`xm start ${p.name}\``,
  })),
  ERR_JOB_RUNNING: define(
    "conflict",
    (p: { name: string; status: string; pid: number | null }) => ({
      what: `${p.name} has a run in progress: it is ${p.status}${p.pid === null ? "" : ` (pid ${p.pid})`}`,
      fix: `wait for its end, or end it with \`xm stop ${p.name}\``,
    }),
  ),
  ERR_RUN_UNKNOWN: define("unavailable", (p: { name: string }) => ({
    what: `the daemon died while it was starting ${p.name}`,
    why: "whether the run began is not known, and it is not begun a second time",
    fix: `\`xm why ${p.name}\` shows what became of it`,
  })),
} as const;
