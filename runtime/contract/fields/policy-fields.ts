import { defaults } from "./defaults.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import type { Probe } from "../../../machines/probes.ts";
import type { RawApp } from "./raw-app.ts";

/**
 * The fields of an ecosystem file that make an app's restart policy and its readiness: `policyOf` the other way
 * round. `max_restarts` and `min_uptime` are always among them, the rest when they are not PM2's defaults.
 */
export function fieldsOfPolicy(spec: Pick<AppSpec, "mode" | "policy">): RawApp {
  const { restart, listenTimeoutMs, listenTimeoutIsGiven = false } = spec.policy;
  const { backoff, stopExitCodes, successExitCodes } = restart;
  const { job } = restart;
  return {
    ...(job === undefined ? {} : { type: "oneshot" }),
    ...unless(job?.remainsAfterExit ?? false, false, "remain_after_exit"),
    ...unless(job?.runTimeoutMs ?? null, null, "run_timeout"),
    ...unless(restart.mode, job === undefined ? "always" : "never", "restart"),
    ...(stopExitCodes.length === 0 ? {} : { stop_exit_codes: stopExitCodes }),
    ...(successExitCodes === undefined ? {} : { success_exit_codes: successExitCodes }),
    max_restarts: restart.maxRestarts,
    min_uptime: restart.minUptimeMs,
    ...unless(restart.restartWindowMs, defaults.restartWindowMs, "restart_window"),
    ...unless(restart.restartDelayMs, defaults.restartDelayMs, "restart_delay"),
    ...(backoff === null
      ? {}
      : {
          exp_backoff_restart_delay: backoff.initialMs,
          ...unless(backoff.factor, defaults.backoffFactor, "exp_backoff_restart_factor"),
          ...unless(backoff.maxMs, defaults.backoffMaxMs, "exp_backoff_restart_max"),
          ...unless(backoff.jitter, defaults.backoffJitter, "exp_backoff_restart_jitter"),
          ...unless(backoff.resetAfterMs, defaults.backoffResetMs, "exp_backoff_reset"),
        }),
    ...readinessFields(spec),
    ...((spec.policy.probes?.startup ?? null) === null &&
    (listenTimeoutIsGiven || listenTimeoutMs !== defaults.listenTimeoutMs)
      ? { listen_timeout: listenTimeoutMs }
      : {}),
  };
}

function unless(value: unknown, usual: unknown, field: string): RawApp {
  return value === usual ? {} : { [field]: value };
}

function readinessFields({ mode, policy }: Pick<AppSpec, "mode" | "policy">): RawApp {
  const { readiness, probe, probes } = policy;
  if ((probes?.startup ?? null) !== null) return {};
  if (probe !== null) return { ready: probeField(probe) };
  if (readiness === "message") return { wait_ready: true };
  return unless(readiness, mode === "cluster" ? "listening" : "spawned", "ready");
}

function probeField(probe: Probe): RawApp {
  switch (probe.kind) {
    case "http":
      return { http: probe.url };
    case "tcp":
      return { tcp: `${probe.host}:${probe.port}` };
    case "command":
      return { command: probe.command };
  }
}
