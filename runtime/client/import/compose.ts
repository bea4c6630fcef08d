import { posix } from "node:path";
import { shown, fieldsOf, isText, present, textsOf, variablesOf } from "./imported.ts";
import type { Fields, Imported, NewApp } from "./imported.ts";
import {
  confinementFields,
  dependenciesOf,
  groupLimits,
  healthOf,
  loggingOf,
  restartOf,
} from "./_compose-fields.ts";
import { signalName } from "./_signals.ts";

/** Sections whose meaning is in the services, or that are not about processes. */
const silentSections = ["version", "name", "services"];

/** Fields that mean nothing outside a container. */
const silent = ["container_name", "init", "labels", "tty", "stdin_open", "pull_policy", "platform", "annotations", "hostname", "attach", "build", "image", "volumes"]; // prettier-ignore

/** A Compose file. A service without a command is what its image runs, which no app can. */
export function fromCompose(file: Fields): Imported {
  const notes: string[] = [];
  for (const name of Object.keys(file)) {
    if (!silentSections.includes(name) && !name.startsWith("x-"))
      notes.push(`${name}: no field for it`);
  }
  const all = Object.entries(fieldsOf(file["services"]) ?? {});
  const waits = all.flatMap(([, each]) => dependenciesOf(fieldsOf(each)?.["depends_on"]));
  const jobs = new Set(
    waits.flatMap(([name, { condition }]) =>
      shown(condition).startsWith("service_completed") ? [name] : [],
    ),
  );
  const kept = all.filter(([name, value]) => {
    const given = fieldsOf(value) ?? {};
    const isRunnable = commandOf(given) !== undefined || given["extends"] !== undefined;
    const image = isText(given["image"]) ? `its image ${given["image"]}` : "its image";
    if (!isRunnable)
      notes.push(
        `services.${name}: has no command, and ${image} names the program; it is left out`,
      );
    return isRunnable;
  });
  const names = kept.map(([name]) => name);
  const namespace = isText(file["name"]) ? file["name"] : undefined;
  const apps = kept.map(([name, value]) => {
    const at = `services.${name}`;
    return appOf(name, fieldsOf(value) ?? {}, {
      at,
      notes,
      names,
      services: all.map(([each]) => each),
      namespace,
      isJob: jobs.has(name),
    });
  });
  return { apps, notes, interpolates: hasVariables(apps) };
}

interface Around {
  readonly at: string;
  readonly notes: string[];
  /** The services that become apps. */
  readonly names: readonly string[];
  readonly services: readonly string[];
  readonly namespace: string | undefined;
  readonly isJob: boolean;
}

function appOf(name: string, given: Fields, around: Around): NewApp {
  const { at, notes, names, namespace, isJob } = around;
  const { command: _, entrypoint: __, working_dir: _dir, environment, env_file, ...rest } = given;
  const { depends_on, healthcheck, restart, ports, expose: ___, profiles, ...more } = rest;
  const { scale, deploy, stop_signal, stop_grace_period, user, extends: base, ...others } = more;
  const limits = confinementFields(others, at, notes);
  const { fields: logging, taken } = loggingOf(others["logging"]);
  for (const field of Object.keys(others)) {
    const isSaid =
      silent.includes(field) || limits.taken.includes(field) || (field === "logging" && taken);
    if (!isSaid) notes.push(`${at}.${field}: no field for it`);
  }
  if (isText(others["image"]))
    notes.push(`${at}.image: the program of ${others["image"]} must be installed on this machine`);
  const { cwd, folders } = placeOf(given);
  const paths = (textsOf(given["volumes"]) ?? []).filter((each) => !folders.has(each));
  if (
    given["volumes"] !== undefined &&
    (paths.length > 0 || textsOf(given["volumes"]) === undefined)
  )
    notes.push(
      `${at}.volumes: an app sees the machine's own files: ${paths.join(", ") || "see the file"}`,
    );
  portNotes(ports, at, notes);
  const { replicas = scale, limits: resources } = deployOf(deploy, at, notes);
  hostNotes(variablesOf(environment), around);
  const health = healthOf(healthcheck, at, notes);
  const waits = dependenciesOf(depends_on).filter(([other]) => {
    if (!names.includes(other)) notes.push(`${at}.depends_on.${other}: it is left out`);
    return names.includes(other);
  });
  const [uid, gid] = isText(user) || typeof user === "number" ? shown(user).split(":") : [];
  return present({
    name,
    namespace,
    extends: extendsOf(base, at, notes),
    ...commandOf(given),
    cwd,
    type: isJob ? "oneshot" : undefined,
    profiles,
    instances: typeof replicas === "number" && replicas > 1 ? replicas : undefined,
    exec_mode: typeof replicas === "number" && replicas > 1 ? "fork" : undefined,
    env_file: Array.isArray(env_file) ? env_file.map(withoutFormat) : env_file,
    env: variablesOf(environment),
    depends_on: Object.fromEntries(waits),
    ...restartOf(restart, { isJob, extendsOther: base !== undefined }),
    readiness_probe: health,
    kill_signal: signalName(stop_signal) ?? (base === undefined ? "SIGTERM" : undefined),
    kill_timeout: stop_grace_period ?? (base === undefined ? "10s" : undefined),
    uid,
    gid,
    ...limits.fields,
    ...resources,
    ...logging,
  });
}

/** The entrypoint with the command behind it, each a list or a line. */
function commandOf({ entrypoint, command }: Fields): NewApp | undefined {
  const parts = [entrypoint, command].filter((each) => isText(each) || textsOf(each) !== undefined);
  const isLine = parts.length === 1 && isText(parts[0]);
  if (isLine) {
    const [, script, args = ""] = /^(\S+)\s*(.*)$/s.exec(shown(parts[0]).trim()) ?? [];
    return script === undefined
      ? undefined
      : present({ script, args: args === "" ? undefined : args });
  }
  const words = parts.flatMap((each) => textsOf(each) ?? shown(each).trim().split(/\s+/));
  const [script, ...args] = words.filter((each) => each !== "");
  return script === undefined ? undefined : present({ script, args });
}

/** The folder on this machine: of the volume that the working directory lies in, or of the build. */
function placeOf({ working_dir, build, volumes }: Fields): {
  cwd: string | undefined;
  folders: ReadonlySet<string>;
} {
  const folders = new Set<string>();
  const context = isText(build) ? build : fieldsOf(build)?.["context"];
  const inside = isText(working_dir) ? working_dir : undefined;
  let cwd = isText(context) ? context : undefined;
  for (const volume of textsOf(volumes) ?? []) {
    const [from = "", to = ""] = volume.split(":");
    const isFolder = /^[./~]/.test(from);
    if (isFolder && inside !== undefined && (inside === to || inside.startsWith(`${to}/`))) {
      cwd = posix.join(from, posix.relative(to, inside));
      folders.add(volume);
    } else if (isFolder && inside === undefined && from === context) folders.add(volume);
  }
  return { cwd: cwd === "." || cwd === "./" ? undefined : cwd, folders };
}

/** A published port needs nothing here when the program listens on it itself. */
function portNotes(ports: unknown, at: string, notes: string[]): void {
  for (const port of Array.isArray(ports) ? ports : []) {
    // A colon within a variable is its own.
    const words = isText(port) ? port.split("/")[0]?.match(/(?:\$\{[^}]*\}|[^:])+/g) : undefined;
    const [published, target] =
      words == null
        ? [fieldsOf(port)?.["published"], fieldsOf(port)?.["target"]]
        : [words.at(-2), words.at(-1)];
    if (published !== undefined && shown(published) !== shown(target))
      notes.push(
        `${at}.ports: the program listens on ${shown(target)} itself, and not on ${shown(published)}`,
      );
  }
}

/** Between containers the name of a service is a host. */
function hostNotes(env: NewApp, { at, notes, services }: Around): void {
  for (const [name, value] of Object.entries(env)) {
    const host = services.find((each) => isText(value) && namesHost(value, each));
    if (host !== undefined)
      notes.push(`${at}.environment.${name}: names the host ${host}, which is 127.0.0.1 here`);
  }
}

function namesHost(value: string, service: string): boolean {
  const hosts: readonly string[] = value.match(/(?<=^|[/@,=])[\w.-]+(?=:\d|\/|$)/g) ?? [];
  return hosts.includes(service);
}

function deployOf(deploy: unknown, at: string, notes: string[]) {
  const { replicas, resources, ...others } = fieldsOf(deploy) ?? {};
  const { limits, ...reserved } = fieldsOf(resources) ?? {};
  const { memory, cpus, pids, ...devices } = fieldsOf(limits) ?? {};
  const without = [
    ...Object.keys(others),
    ...Object.keys(reserved).map((field) => `resources.${field}`),
    ...Object.keys(devices).map((field) => `resources.limits.${field}`),
  ];
  for (const field of without) notes.push(`${at}.deploy.${field}: no field for it`);
  return { replicas, limits: groupLimits({ memory, cpus, pids }) };
}

function extendsOf(base: unknown, at: string, notes: string[]): unknown {
  if (isText(base)) return base;
  const { service, file } = fieldsOf(base) ?? {};
  if (file !== undefined)
    notes.push(`${at}.extends: import ${shown(file)} too; its service is not in this file`);
  return file === undefined ? service : undefined;
}

function withoutFormat(entry: unknown): unknown {
  const { format: _, ...others } = fieldsOf(entry) ?? {};
  return isText(entry) ? entry : others;
}

function hasVariables(value: unknown): boolean {
  if (isText(value)) return value.includes("$");
  return typeof value === "object" && value !== null && Object.values(value).some(hasVariables);
}
