import { defaults } from "../../runtime/contract/fields/defaults.ts";
import { formatAge, formatBytes } from "./format.ts";
import { hookNames } from "../../machines/hooks.ts";
import type { ProcessDetail } from "../../runtime/client/connection/types.ts";
import { conditionWords } from "../../runtime/contract/words/conditions.ts";
import { fieldsOfPolicy } from "../../runtime/contract/fields/policy-fields.ts";

/** A field of an ecosystem file, and its value. */
type Row = readonly [field: string, value: string];

/**
 * The settings of an app that differ from the defaults, under the names of an ecosystem file, so that what was written there
 * is found again. What `describe` shows of every app is not among it.
 */
export function declaredRows(spec: ProcessDetail["spec"]): Row[] {
  const fields = { ...programFields(spec), ...policyFields(spec), ...logFields(spec) };
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([field, value]) => [field, valueText(field, value)]);
}

type Fields = Readonly<Record<string, unknown>>;

function programFields(spec: ProcessDetail["spec"]): Fields {
  const { uid, gid, autostart, scheduling, instanceVariable, incrementVariable, sourceMaps } = spec;
  return {
    uid,
    gid,
    autostart: unless(autostart, true),
    depends_on: spec.dependsOn.length === 0 ? undefined : spec.dependsOn.map(dependencyText),
    ...hookFields(spec.hooks),
    notify: spec.notify?.map(({ target, on }) => `${target.kind} on ${on.join(" ")}`),
    significant: spec.group?.isSignificant === true ? true : undefined,
    scheduling: unless(scheduling, "shared"),
    instance_var: unless(instanceVariable, "NODE_APP_INSTANCE"),
    increment_var: incrementVariable,
    source_map_support: sourceMaps,
    ...confinementFields(spec.confinement),
  };
}

/** `hooks.pre_start`: the command, and what is unusual. */
function hookFields(hooks: ProcessDetail["spec"]["hooks"] = {}): Fields {
  return Object.fromEntries(
    hookNames.flatMap((name) => {
      const hook = hooks[name];
      if (hook === undefined) return [];
      const { command, timeoutMs, mayFail } = hook;
      const text = typeof command === "string" ? command : command.join(" ");
      const failure = mayFail ? "ignore" : "fail";
      return [[`hooks.${name}`, `${text} (timeout ${timeoutMs} ms, on_failure: ${failure})`]];
    }),
  );
}

function confinementFields(confinement: ProcessDetail["spec"]["confinement"]): Fields {
  const { limits = {}, ionice, capabilities, groups, ...others } = confinement ?? {};
  const amount = (value: number | null): string => (value === null ? "unlimited" : String(value));
  const limitTexts = Object.entries(limits).map(([name, { soft, hard }]) =>
    soft === hard ? `${name} ${amount(soft)}` : `${name} ${amount(soft)} of ${amount(hard)}`,
  );
  return {
    limits: limitTexts.length === 0 ? undefined : limitTexts.join(", "),
    nice: others.nice,
    ionice:
      ionice === undefined
        ? undefined
        : `${ionice.class}${ionice.level === null ? "" : `:${ionice.level}`}`,
    oom_score_adjust: others.oomScoreAdjust,
    no_new_privileges: others.noNewPrivileges,
    capabilities: capabilities === undefined ? undefined : capabilities.join(", ") || "none",
    node_permissions: nodePermissionsText(others.nodePermissions),
    private_tmp: others.privateTmp,
    read_only_paths: others.readOnlyPaths?.join(", "),
    ...cgroupFields(others.cgroup),
    supplementary_groups: groups === undefined ? undefined : groups.join(", ") || "none",
  };
}

function cgroupFields(cgroup: NonNullable<ProcessDetail["spec"]["confinement"]>["cgroup"]): Fields {
  if (cgroup === undefined) return {};
  const { memoryMax, memoryHigh, swapMax, cpuMax, cpuWeight, ioWeight, pidsMax, oomGroup } = cgroup;
  const size = (bytes: number | undefined): string | undefined =>
    bytes === undefined ? undefined : formatBytes(bytes);
  return {
    cgroup: Object.keys(cgroup).length === 0 ? true : undefined,
    memory_max: size(memoryMax),
    memory_high: size(memoryHigh),
    swap_max: size(swapMax),
    cpu_max: cpuMax,
    cpu_weight: cpuWeight,
    io_weight: ioWeight,
    pids_max: pidsMax,
    oom_group: oomGroup,
  };
}

type Permissions = NonNullable<ProcessDetail["spec"]["confinement"]>["nodePermissions"];

/** `reads /srv/app; writes nothing; worker`. */
function nodePermissionsText(permissions: Permissions): string | undefined {
  if (permissions === undefined) return undefined;
  const { read, write, ...switches } = permissions;
  const on = Object.entries(switches).filter(([, isOn]) => isOn);
  const paths = (list: readonly string[]): string => list.join(", ") || "nothing";
  return [`reads ${paths(read)}`, `writes ${paths(write)}`, ...on.map(([name]) => name)].join("; ");
}

type Probe = NonNullable<ProcessDetail["spec"]["policy"]["probes"]>["startup"];

/** `http 127.0.0.1:3000/healthz every 10000 ms, 3 failures`. */
function probeText(probe: Probe | undefined): string | undefined {
  if (probe === null || probe === undefined) return undefined;
  const { check, periodMs, failureThreshold } = probe;
  const { kind, ...rest } = check;
  const what =
    check.kind === "http"
      ? `${check.host}:${check.port}${check.path}`
      : Object.values(rest).map(String).join(" ");
  return `${kind} ${what} every ${periodMs} ms, ${failureThreshold} failures`.replace("  ", " ");
}

function dependencyText({
  app,
  condition,
  isRequired,
}: ProcessDetail["spec"]["dependsOn"][number]): string {
  const word = condition === "usual" ? "" : ` (${conditionWords[condition]})`;
  return `${app}${word}${isRequired ? "" : ", not required"}`;
}

function policyFields(spec: ProcessDetail["spec"]): Fields {
  const { min_uptime: least, max_restarts: most, ...fields } = fieldsOfPolicy(spec);
  const { killTimeoutMs, drain, drainTimeoutMs, reload, restart } = spec.policy;
  return {
    ...fields,
    startup_probe: probeText(spec.policy.probes?.startup),
    readiness_probe: probeText(spec.policy.probes?.readiness),
    liveness_probe: probeText(spec.policy.probes?.liveness),
    min_uptime: unless(least, defaults.minUptimeMs),
    max_restarts: unless(most, defaults.maxRestarts),
    kill_timeout: unless(killTimeoutMs, defaults.killTimeoutMs),
    kill_signal: unless(
      spec.stopSignal,
      restart.job === undefined ? defaults.killSignal : defaults.jobKillSignal,
    ),
    shutdown_with_message: unless(spec.stopWithMessage, false),
    treekill: unless(spec.killsTree, true),
    drain: unless(drain, true),
    drain_timeout: unless(drainTimeoutMs, defaults.drainTimeoutMs),
    reload_concurrency: unless(reload.concurrency, defaults.reloadConcurrency),
    reload_surge: unless(reload.surge, true),
  };
}

function logFields({ logs, mergeLogs, instances }: ProcessDetail["spec"]): Fields {
  return {
    log_file: logs.combined,
    // A single process shares with no other.
    merge_logs: unless(mergeLogs && instances > 1, false),
    disable_logs: unless(logs.isOff, false),
    log_type: unless(logs.type, "plain"),
    log_date_format: logs.dateFormat,
    ...rotationFields(logs.rotation),
  };
}

function rotationFields(rotation: ProcessDetail["spec"]["logs"]["rotation"]): Fields {
  if (rotation === undefined) return {};
  const { maxBytes, retain, compress, schedule, maxAgeMs, maxTotalBytes, dateSuffix } = rotation;
  return {
    log_max_size: maxBytes === null ? 0 : maxBytes && formatBytes(maxBytes),
    log_retain: retain === null ? "all" : retain,
    log_compress: compress,
    log_rotate: schedule === null ? 0 : schedule,
    log_max_age: maxAgeMs && formatAge(maxAgeMs),
    log_max_total: maxTotalBytes && formatBytes(maxTotalBytes),
    log_date_suffix: dateSuffix,
  };
}

function unless(value: unknown, usual: unknown): unknown {
  return value === usual ? undefined : value;
}

/** Fields whose numbers are ms. */
const times = /_(delay|timeout|uptime|window|restart_max|reset)$/;

function valueText(field: string, value: unknown): string {
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "object") return JSON.stringify(value);
  if (typeof value === "number" && times.test(field)) return `${value} ms`;
  return typeof value === "string" ? value : JSON.stringify(value);
}
