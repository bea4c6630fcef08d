import type { ReadApp } from "./read-fields.ts";
import { text } from "./values.ts";

/** What only a job can have. */
const ofJobs: readonly string[] = ["remain_after_exit", "run_timeout"];

/** What a job cannot have, and why. */
const ofServices: Readonly<Record<string, string>> = {
  wait_ready: "a job is waited for until its run has ended",
  ready: "a job is waited for until its run has ended",
  startup_probe: "a job is waited for until its run has ended",
  readiness_probe: "a job serves nothing",
  scheduling: "a job is one process",
};

/** What is wrong with the fields of a job, and with fields that only a job can have. */
export function jobFaults(app: ReadApp, path: string): string[] {
  if (app["type"] !== "oneshot") {
    return ofJobs
      .filter((name) => app[name] !== undefined && app[name] !== false && app[name] !== 0)
      .map((name) => `${path}.${name}: only a job has it; add type: "oneshot"`);
  }
  const found = Object.entries(ofServices)
    .filter(([name]) => app[name] !== undefined && app[name] !== false)
    .map(([name, why]) => `${path}.${name}: not with type: "oneshot": ${why}`);
  if (app["restart"] === "always" || app["autorestart"] === true) {
    const name = app["restart"] === "always" ? "restart" : "autorestart";
    found.push(
      `${path}.${name}: a job that has completed is not run again; expected restart: "on-failure", "on-abnormal" or "never" with type: "oneshot"`,
    );
  }
  if (app["instances"] !== undefined && app["instances"] !== 1)
    found.push(`${path}.instances: a job is one process; expected 1 with type: "oneshot"`);
  if (text(app, "exec_mode")?.startsWith("cluster") === true)
    found.push(
      `${path}.exec_mode: a job takes no connections; expected "fork" with type: "oneshot"`,
    );
  return found;
}
