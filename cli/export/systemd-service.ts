import { groupLines } from "./group-words.ts";
import type { Confinement, RestartMode } from "../../machines/spec.ts";
import type { ExportedApp, Tell } from "./contract.ts";
import { unitTime, unitValue, unitWord } from "./systemd-words.ts";

/** Lines of a section; absent ones are left out. */
type Lines = (string | undefined)[];

/** What restarts it: the keys of `[Unit]` and those of `[Service]`. */
export function restartLines({ spec }: ExportedApp, tell: Tell): { unit: Lines; service: Lines } {
  const { restart } = spec.policy;
  const { backoff, stopExitCodes, successExitCodes = [], job } = restart;
  const usual: Record<RestartMode, string> = {
    // A job that has completed is not run again.
    always: job === undefined ? "always" : "on-failure",
    "on-failure": "on-failure",
    "on-abnormal": "on-abnormal",
    never: "no",
  };
  const mode = usual[restart.mode];
  const clean = [...successExitCodes, ...stopExitCodes];
  const ends = [
    clean.length === 0 ? undefined : `SuccessExitStatus=${clean.join(" ")}`,
    stopExitCodes.length === 0 ? undefined : `RestartPreventExitStatus=${stopExitCodes.join(" ")}`,
  ];
  if (mode === "no") return { unit: [], service: ["Restart=no", ...ends] };
  if (backoff !== null) {
    tell("exp_backoff_restart_delay", "RestartSteps= needs systemd 254 or newer");
    if (backoff.jitter > 0) tell("exp_backoff_restart_jitter", "waits have no random part");
  }
  const tries = Math.max(1, restart.maxRestarts);
  const waits = Array.from({ length: tries }, (_, index) =>
    backoff === null
      ? restart.restartDelayMs
      : Math.min(backoff.maxMs, backoff.initialMs * backoff.factor ** index),
  );
  const window =
    restart.restartWindowMs ||
    Math.ceil(waits.reduce((sum, wait) => sum + wait + restart.minUptimeMs, 0));
  if (restart.restartWindowMs === 0)
    tell(
      "max_restarts, min_uptime",
      `systemd counts starts: more than ${tries} within ${unitTime(window)} are too many`,
    );
  return {
    unit: [
      `StartLimitIntervalSec=${unitTime(window)}`,
      `StartLimitBurst=${restart.restartWindowMs === 0 ? tries : tries + 1}`,
    ],
    service: [
      `Restart=${mode}`,
      `RestartSec=${unitTime(backoff?.initialMs ?? restart.restartDelayMs)}`,
      ...(backoff === null
        ? []
        : [
            `RestartSteps=${Math.max(1, Math.ceil(Math.log(backoff.maxMs / backoff.initialMs) / Math.log(Math.max(1.01, backoff.factor))))}`,
            `RestartMaxDelaySec=${unitTime(backoff.maxMs)}`,
          ]),
      ...ends,
    ],
  };
}

/** prlimit(1)'s names are those of systemd, in capitals. */
export function limitLines(confinement: Confinement | undefined): Lines {
  if (confinement === undefined) return [];
  const {
    limits = {},
    nice,
    ionice,
    oomScoreAdjust,
    noNewPrivileges,
    capabilities,
    groups,
  } = confinement;
  const amount = (value: number | null): string => (value === null ? "infinity" : String(value));
  const named = capabilities?.map((name) => `CAP_${name.toUpperCase()}`).join(" ");
  return [
    ...Object.entries(limits).map(
      ([name, { soft, hard }]) => `Limit${name.toUpperCase()}=${amount(soft)}:${amount(hard)}`,
    ),
    nice === undefined ? undefined : `Nice=${nice}`,
    ionice === undefined ? undefined : `IOSchedulingClass=${ionice.class}`,
    ionice?.level == null ? undefined : `IOSchedulingPriority=${ionice.level}`,
    oomScoreAdjust === undefined ? undefined : `OOMScoreAdjust=${oomScoreAdjust}`,
    noNewPrivileges === true ? "NoNewPrivileges=yes" : undefined,
    named === undefined ? undefined : `CapabilityBoundingSet=${named}`,
    named === undefined ? undefined : `AmbientCapabilities=${named}`,
    confinement.privateTmp === true ? "PrivateTmp=yes" : undefined,
    confinement.readOnlyPaths === undefined
      ? undefined
      : `ReadOnlyPaths=${confinement.readOnlyPaths.map(unitWord).join(" ")}`,
    groups === undefined ? undefined : `SupplementaryGroups=${groups.join(" ")}`,
  ];
}

/** What ends a life from outside. */
export function sensorLines({ spec }: ExportedApp, tell: Tell): Lines {
  const { maxMemoryBytes, limits } = spec.sensors;
  const maxAgeMs = limits?.maxAgeMs ?? null;
  if (maxMemoryBytes !== null)
    tell(
      "max_memory_restart",
      "systemd counts the memory of all its processes and kills it at once; it is not asked to exit first",
    );
  if (maxAgeMs !== null && spec.policy.restart.mode === "never")
    tell("max_age", "it is ended after this time and not started again, since restart is never");
  const jitterMs = limits?.ageJitterMs ?? 0;
  return [
    ...groupLines(spec.confinement?.cgroup ?? {}, maxMemoryBytes),
    maxAgeMs === null ? undefined : `RuntimeMaxSec=${unitTime(maxAgeMs)}`,
    maxAgeMs === null || jitterMs === 0
      ? undefined
      : `RuntimeRandomizedExtraSec=${unitTime(jitterMs)}`,
  ];
}

/** Its output goes to the journal, unless its user has named a file. */
export function outputLines({ out, error }: ExportedApp): Lines {
  const to = (key: string, file: string | null | undefined): string | undefined =>
    file === undefined
      ? undefined
      : `${key}=${file === null ? "null" : `append:${unitValue(file)}`}`;
  return [to("StandardOutput", out), to("StandardError", error)];
}

/** Its variables; a file has those that not everybody may read. */
export function environmentLines(
  app: ExportedApp,
  options: { readonly instance: string; readonly secretFile: string | undefined },
  tell: Tell,
): Lines {
  const { spec, variables, path } = app;
  const own = Object.entries({
    ...(path === undefined ? {} : { PATH: path }),
    ...variables,
  });
  const odd = own.filter(([name]) => !/^[A-Za-z_]\w*$/.test(name)).map(([name]) => name);
  if (odd.length > 0) tell("env", `systemd takes no variable of the name ${odd.join(", ")}`);
  return [
    ...own
      .filter(([name]) => !odd.includes(name))
      .map(([name, value]) => `Environment=${unitWord(`${name}=${value}`)}`),
    `Environment=${spec.instanceVariable}=${options.instance}`,
    options.secretFile === undefined
      ? undefined
      : `EnvironmentFile=${unitValue(options.secretFile)}`,
  ];
}
