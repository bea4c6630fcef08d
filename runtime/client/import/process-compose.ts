import { signalName } from "./_signals.ts";
import {
  fieldsOf,
  shown,
  isText,
  present,
  shellCommand,
  variablesOf,
  type Fields,
  type Imported,
  type NewApp,
} from "./imported.ts";

/** Fields that change nothing for the app itself. */
const silent = ["description", "is_foreground", "is_elevated", "disable_ansi_colors", "is_tty"];

/** A file of process-compose. */
export function fromProcessCompose(file: Fields): Imported {
  const notes: string[] = [];
  const { processes, environment, shell, log_location, version, log_level, ...others } = file;
  for (const name of Object.keys(others)) {
    if (!name.startsWith("x-")) notes.push(`${name}: no field for it`);
  }
  if (shell !== undefined) notes.push("shell: commands run through bash");
  void [version, log_level];
  const all = Object.entries(fieldsOf(processes) ?? {});
  const shared = { env: variablesOf(environment), log: log_location };
  const jobs = jobsIn(all);
  const logged = all.filter(([, each]) => isText(fieldsOf(each)?.["ready_log_line"]));
  const apps = all.flatMap(([name, value]) => {
    const at = `processes.${name}`;
    const given = fieldsOf(value);
    if (given === undefined || !isText(given["command"])) {
      notes.push(`${at}: has no command; it is left out`);
      return [];
    }
    return [appOf(name, given, { at, notes, shared, jobs, logged: logged.map(([each]) => each) })];
  });
  return { apps, notes, interpolates: false };
}

/** Processes whose end others wait for. */
function jobsIn(all: readonly [string, unknown][]): Set<string> {
  const waits = all.flatMap(([, each]) =>
    Object.entries(fieldsOf(fieldsOf(each)?.["depends_on"]) ?? {}),
  );
  return new Set(
    waits
      .filter(([, each]) => shown(fieldsOf(each)?.["condition"]).startsWith("process_completed"))
      .map(([name]) => name),
  );
}

interface Around {
  readonly at: string;
  readonly notes: string[];
  readonly shared: { readonly env: NewApp; readonly log: unknown };
  readonly jobs: ReadonlySet<string>;
  readonly logged: readonly string[];
}

function appOf(name: string, given: Fields, around: Around): NewApp {
  const { at, notes, shared, jobs } = around;
  const { command, working_dir, environment, depends_on, availability, ...rest } = given;
  const { readiness_probe, liveness_probe, shutdown, log_location, disabled, ...more } = rest;
  const { namespace, replicas, ready_log_line, schedule, env_file, ...others } = more;
  for (const field of Object.keys(others)) {
    if (!silent.includes(field)) notes.push(`${at}.${field}: no field for it`);
  }
  const log = log_location ?? shared.log;
  const startup = isText(ready_log_line) ? { log: { match: literal(ready_log_line) } } : undefined;
  const timed = scheduleOf(schedule, around);
  return present({
    name,
    ...shellCommand(command as string),
    cwd: working_dir,
    namespace,
    type: jobs.has(name) || timed !== undefined ? "oneshot" : undefined,
    schedule: timed,
    instances: typeof replicas === "number" && replicas > 1 ? replicas : undefined,
    exec_mode: typeof replicas === "number" && replicas > 1 ? "fork" : undefined,
    env_file,
    env: { ...shared.env, ...variablesOf(environment) },
    autostart: disabled === true ? false : undefined,
    depends_on: dependenciesOf(depends_on, around),
    ...availabilityOf(availability, around),
    startup_probe: startup,
    readiness_probe: probeOf(readiness_probe),
    liveness_probe: probeOf(liveness_probe),
    ...shutdownOf(shutdown, around),
    out_file: log,
    error_file: log,
  });
}

/** The words are ours too; a line in the log is a startup probe of the process that writes it. */
function dependenciesOf(value: unknown, { logged, at, notes }: Around): NewApp | undefined {
  const given = Object.entries(fieldsOf(value) ?? {});
  if (given.length === 0) return undefined;
  return Object.fromEntries(
    given.map(([name, each]) => {
      const { condition = "process_completed_successfully" } = fieldsOf(each) ?? {};
      if (condition !== "process_log_ready") return [name, { condition }];
      if (!logged.includes(name)) notes.push(`${at}.depends_on.${name}: it has no ready_log_line`);
      return [name, { condition: "process_healthy" }];
    }),
  );
}

const restarts: Readonly<Record<string, string>> = {
  no: "never",
  exit_on_failure: "never",
  on_failure: "on-failure",
  always: "always",
};

function availabilityOf(value: unknown, { at, notes }: Around): NewApp {
  const { restart, backoff_seconds, max_restarts, ...others } = fieldsOf(value) ?? {};
  if (restart === "exit_on_failure")
    notes.push(`${at}.availability.restart: exit_on_failure does not end the other apps`);
  for (const field of Object.keys(others)) {
    notes.push(`${at}.availability.${field}: no field for it`);
  }
  return {
    // process-compose restarts nothing by default; YAML 1.1 reads `no` as false.
    restart: restarts[restart === false ? "no" : shown(restart)] ?? "never",
    restart_delay: typeof backoff_seconds === "number" ? backoff_seconds * 1000 : undefined,
    max_restarts: typeof max_restarts === "number" && max_restarts > 0 ? max_restarts : undefined,
  };
}

function probeOf(value: unknown): NewApp | undefined {
  const given = fieldsOf(value);
  if (given === undefined) return undefined;
  const http = fieldsOf(given["http_get"]);
  const exec = fieldsOf(given["exec"]);
  const ms = (name: string): unknown =>
    typeof given[name] === "number" ? given[name] * 1000 : undefined;
  return present({
    http_get:
      http &&
      present({
        path: http["path"],
        port: Number(http["port"] ?? 80),
        host: http["host"],
        scheme: http["scheme"],
      }),
    exec: exec && { command: exec["command"] },
    initial_delay: ms("initial_delay_seconds"),
    period: ms("period_seconds"),
    timeout: ms("timeout_seconds"),
    success_threshold: given["success_threshold"],
    failure_threshold: given["failure_threshold"],
  });
}

function shutdownOf(value: unknown, { at, notes }: Around): NewApp {
  const { signal, timeout_seconds, command, ...others } = fieldsOf(value) ?? {};
  for (const field of [...(command === undefined ? [] : ["command"]), ...Object.keys(others)]) {
    notes.push(`${at}.shutdown.${field}: no field for it`);
  }
  return {
    // Its default; ours is SIGINT.
    kill_signal: signalName(signal) ?? "SIGTERM",
    kill_timeout: typeof timeout_seconds === "number" ? timeout_seconds * 1000 : 10_000,
  };
}

function scheduleOf(value: unknown, { at, notes }: Around): NewApp | undefined {
  const given = fieldsOf(value);
  if (given === undefined) return undefined;
  const { cron, interval, timezone, ...others } = given;
  for (const field of Object.keys(others)) notes.push(`${at}.schedule.${field}: no field for it`);
  return present({ cron, every: interval, timezone });
}

/** Its text is looked for as it is; ours is a regular expression. */
const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
