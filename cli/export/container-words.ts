import { basename } from "node:path";
import type { Check, ProbeSpec } from "../../machines/probes.ts";
import { numbersOf } from "../../runtime/host/users.ts";
import { nodeOf } from "./exported-apps.ts";
import type { ExportedApp, Tell } from "./contract.ts";

/** The program by its name, since a container has its own; and the image it is usually in. */
export function programIn(app: ExportedApp): { words: string[]; image: string | undefined } {
  const [program = "", ...rest] = app.command;
  const { interpreter } = app.spec;
  if (nodeOf(app)) {
    const [major = "20"] = process.versions.node.split(".");
    return { words: ["node", ...rest], image: `node:${major}` };
  }
  const name = basename(program);
  if (interpreter === null) return { words: [...app.command], image: undefined };
  const image = Object.entries(images).find(([begin]) => name.startsWith(begin))?.[1];
  return { words: [name, ...rest], image };
}

const images: Readonly<Record<string, string>> = {
  python: "python:3",
  ruby: "ruby:3",
  php: "php:8-cli",
  perl: "perl:5",
  bash: "bash:5",
  bun: "oven/bun:1",
  deno: "denoland/deno",
};

/** `UID:GID` in numbers: names are those of the machine, and not of an image. */
export function numbersIn({ spec }: ExportedApp): { uid?: number; gid?: number } {
  return spec.uid === null && spec.gid === null ? {} : numbersOf(spec);
}

/** The port that it is to listen on. */
export function portOf({ variables }: ExportedApp): number | undefined {
  const port = Number(variables["PORT"] ?? Number.NaN);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

/** A probe's port, which may be the name of a variable. */
export function portIn({ spec }: ExportedApp, port: number | string): number | undefined {
  const value = typeof port === "number" ? port : Number(spec.env[port.slice(1)] ?? Number.NaN);
  return Number.isInteger(value) && value > 0 && value < 65_536 ? value : undefined;
}

/** `ready: { http | tcp | command }` as the startup probe that it is. */
export function startupProbeOf({ spec }: ExportedApp): ProbeSpec | null {
  const { probe, probes, listenTimeoutMs } = spec.policy;
  if (probes?.startup != null) return probes.startup;
  if (probe === null) return null;
  const periodMs = 1_000;
  const times = {
    initialDelayMs: 0,
    periodMs,
    timeoutMs: 1_000,
    successThreshold: 1,
    failureThreshold: Math.max(1, Math.ceil(listenTimeoutMs / periodMs)),
  };
  if (probe.kind === "tcp")
    return { check: { kind: "tcp", host: probe.host, port: probe.port }, ...times };
  if (probe.kind === "command")
    return { check: { kind: "exec", command: probe.command }, ...times };
  const { protocol, hostname, port, pathname, search } = new URL(probe.url);
  const isTls = protocol === "https:";
  const check: Check = {
    kind: "http",
    isTls,
    host: hostname,
    port: port === "" ? (isTls ? 443 : 80) : Number(port),
    path: `${pathname}${search}`,
    headers: {},
    least: 200,
    most: 399,
  };
  return { check, ...times };
}

/** What is different for every app in a container. */
export function tellContainer(app: ExportedApp, tell: Tell): void {
  const { spec, variables } = app;
  const local = Object.entries(variables).filter(([, value]) =>
    /\b(?:127\.0\.0\.1|localhost)\b/.test(value),
  );
  if (local.length > 0)
    tell(
      "env",
      `${local.map(([name]) => name).join(", ")}: 127.0.0.1 and localhost are the container itself; another app is reached by its name`,
    );
  if (spec.hooks !== undefined)
    tell(
      "hooks",
      "they run nowhere: an init container, postStart and preStop (Kubernetes) or post_start and pre_stop (Compose) take their place",
    );
  if (spec.incrementVariable !== null)
    tell("increment_var", "all processes have the same variables");
  if (spec.instances > 1)
    tell("instance_var", "a process does not know its number among the others");
  if (spec.umask !== null && spec.umask !== 0o022)
    tell(
      "umask",
      `start the program with \`sh -c "umask ${spec.umask.toString(8).padStart(3, "0")}; exec …"\``,
    );
  if (!spec.killsTree) tell("treekill", "all processes of a container end together");
  const { nice, ionice, readOnlyPaths } = spec.confinement ?? {};
  if (readOnlyPaths !== undefined)
    tell("read_only_paths", "mount them read-only, or make the whole container read-only");
  if (nice !== undefined) tell("nice", "a container has shares of the CPU instead");
  if (ionice !== undefined) tell("ionice", "a container has weights of its own");
  if (spec.sensors.limits?.maxAgeMs != null) tell("max_age", "nothing restarts it for its age");
  if (spec.sensors.cron !== null) tell("cron_restart", "nothing restarts it by the clock");
  if (app.out !== undefined || app.error !== undefined)
    tell("out_file, error_file", "its output is the container's log");
  if (spec.policy.restart.stopExitCodes.length > 0)
    tell("stop_exit_codes", "any exit code other than 0 is a failure");
  else if ((spec.policy.restart.successExitCodes ?? []).length > 0)
    tell("success_exit_codes", "any exit code other than 0 is a failure");
  if (spec.policy.restart.backoff !== null || spec.policy.restart.restartDelayMs > 0)
    tell(
      "restart_delay, exp_backoff_restart_delay",
      "the waits between restarts are the container engine's",
    );
}

/** Seconds, rounded up: containers know no shorter time. */
export const secondsOf = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));
