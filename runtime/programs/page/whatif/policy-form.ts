import { defaults } from "../../../contract/fields/defaults.ts";
import type {
  AppSpec,
  LifecyclePolicy,
  ReadinessKind,
  RestartMode,
} from "../../../../machines/spec.ts";
import { lifecycleFields } from "../../../contract/fields/fields-lifecycle.ts";
import { parseDuration } from "../../../contract/fields/units.ts";

/** The fields of a policy that can be edited, under the names of an ecosystem file, in the order they are shown. */
export const policyFields = [
  "restart",
  "max_restarts",
  "min_uptime",
  "restart_window",
  "restart_delay",
  "exp_backoff_restart_delay",
  "exp_backoff_restart_factor",
  "exp_backoff_restart_max",
  "exp_backoff_restart_jitter",
  "exp_backoff_reset",
  "stop_exit_codes",
  "ready",
  "listen_timeout",
] as const;

export type PolicyField = (typeof policyFields)[number];

/** The contents of the form: texts, as typed. */
export type PolicyForm = Readonly<Record<PolicyField, string>>;

export const choices: Partial<Readonly<Record<PolicyField, readonly string[]>>> = {
  restart: ["always", "on-failure", "on-abnormal", "never"],
  ready: ["spawned", "listening", "message", "probe"],
};

/** The meaning of a field, in the words of the configuration reference. */
export function meaningOf(field: PolicyField): string {
  return lifecycleFields.find(({ name }) => name === field)?.description ?? "";
}

/** A policy as the form shows it. */
export function formOf({ restart, readiness, listenTimeoutMs }: LifecyclePolicy): PolicyForm {
  const { backoff } = restart;
  return {
    restart: restart.mode,
    max_restarts: String(restart.maxRestarts),
    min_uptime: timeText(restart.minUptimeMs),
    restart_window: timeText(restart.restartWindowMs),
    restart_delay: timeText(restart.restartDelayMs),
    exp_backoff_restart_delay: timeText(backoff?.initialMs ?? 0),
    exp_backoff_restart_factor: String(backoff?.factor ?? defaults.backoffFactor),
    exp_backoff_restart_max: timeText(backoff?.maxMs ?? defaults.backoffMaxMs),
    exp_backoff_restart_jitter: String(backoff?.jitter ?? defaults.backoffJitter),
    exp_backoff_reset: timeText(backoff?.resetAfterMs ?? defaults.backoffResetMs),
    stop_exit_codes: restart.stopExitCodes.join(", "),
    ready: readiness,
    listen_timeout: timeText(listenTimeoutMs),
  };
}

/** `10s` for a whole number of seconds, minutes or hours, else ms as they are. */
export function timeText(ms: number): string {
  if (ms === 0) return "0";
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}

/** Reads the form over a specification, with every fault by its field. */
export function readPolicy(
  base: AppSpec,
  form: PolicyForm,
): { spec: AppSpec; faults: Partial<Record<PolicyField, string>> } {
  const faults: Partial<Record<PolicyField, string>> = {};
  const read = <T>(field: PolicyField, value: T | undefined, expected: string, otherwise: T): T => {
    if (value === undefined) faults[field] = `expected ${expected}`;
    return value ?? otherwise;
  };
  const time = (field: PolicyField): number =>
    read(field, readTime(form[field]), 'a time such as "500ms", "10s", "1h"', 0);
  const number = (field: PolicyField, least: number, most: number): number => {
    const value = form[field].trim() === "" ? Number.NaN : Number(form[field]);
    const isFine = value >= least && value <= most;
    const expected =
      most === Infinity ? `a number of at least ${least}` : `a number from ${least} to ${most}`;
    return read(field, isFine ? value : undefined, expected, least);
  };
  const initialMs = time("exp_backoff_restart_delay");
  const backoff = {
    initialMs,
    factor: number("exp_backoff_restart_factor", 1, Infinity),
    maxMs: time("exp_backoff_restart_max"),
    jitter: number("exp_backoff_restart_jitter", 0, 1),
    resetAfterMs: time("exp_backoff_reset"),
  };
  const restarts = /^\d+$/.test(form.max_restarts.trim()) ? Number(form.max_restarts) : undefined;
  const readiness = form.ready as ReadinessKind;
  const policy: LifecyclePolicy = {
    ...base.policy,
    restart: {
      mode: form.restart as RestartMode,
      maxRestarts: read("max_restarts", restarts, "a whole number of at least 0", 0),
      // The least that a configuration is read as, too.
      minUptimeMs: Math.max(100, time("min_uptime")),
      restartWindowMs: time("restart_window"),
      restartDelayMs: time("restart_delay"),
      backoff: initialMs === 0 ? null : backoff,
      stopExitCodes: read(
        "stop_exit_codes",
        readCodes(form.stop_exit_codes),
        "codes such as 0, 3",
        [],
      ),
    },
    readiness,
    probe: readiness === "probe" ? base.policy.probe : null,
    listenTimeoutMs: time("listen_timeout"),
  };
  return { spec: { ...base, policy }, faults };
}

/** Milliseconds of a text such as `10s`; `undefined` if it is not one. */
export function readTime(text: string): number | undefined {
  return text.trim() === "" ? undefined : parseDuration(text.trim());
}

function readCodes(text: string): number[] | undefined {
  const parts = text.split(",").map((part) => part.trim());
  const codes = parts.filter(Boolean);
  return codes.every((code) => /^\d{1,3}$/.test(code) && Number(code) <= 255)
    ? codes.map(Number)
    : undefined;
}
