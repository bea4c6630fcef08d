import { groupFields } from "./group-words.ts";
import { dirname } from "node:path";
import { plain } from "../../runtime/contract/plain.ts";
import { composeHealth } from "./compose-health.ts";
import { numbersIn, portOf, programIn, tellContainer } from "./container-words.ts";
import type { Exported, ExportedApp, ExportedFile, ExportOptions, Note, Tell } from "./contract.ts";
import { comments, teller, tellCommon } from "./notes.ts";
import { yamlStyle } from "./yaml-style.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A service for each app, in its folder of this machine: `compose.yaml`. */
export async function toCompose(
  apps: readonly ExportedApp[],
  options: ExportOptions,
): Promise<Exported> {
  const { stringify } = await import("yaml");
  const notes: Note[] = [];
  const services = apps.map((app) => [
    app.id,
    serviceOf(app, options, teller(app.spec.name, notes)),
  ]);
  const names = new Set(apps.map(({ spec }) => spec.name));
  const told = [...names].flatMap((name) => {
    const own = comments(notes, name);
    return own === "" ? [] : [`# ${plain(name)}\n${own}`];
  });
  const head = `# Written by \`xm export compose\`; it needs no Ex Machina.\n${told.join("")}`;
  const body = stringify({ services: Object.fromEntries(services) as unknown }, yamlStyle);
  const file = { name: "compose.yaml", text: `${head}${body}`, mode: 0o644 };
  const secrets = options.folder === undefined ? [] : apps.flatMap(secretFiles);
  return { files: [file, ...secrets], notes };
}

function serviceOf(app: ExportedApp, { image, folder }: ExportOptions, tell: Tell): Fields {
  const { spec, id } = app;
  tellCommon(app, tell);
  tellContainer(app, tell);
  const program = programIn(app);
  if (image === undefined && program.image === undefined)
    tell("script", `choose an image that has ${program.words[0]}; --image names one`);
  const { uid, gid } = numbersIn(app);
  const health = composeHealth(app, tell);
  const { confinement = {} } = spec;
  const port = portOf(app);
  if (port !== undefined && spec.instances > 1)
    tell("instances", `port ${port} is not published: only one process can have it`);
  tellClock(app, tell);
  return withoutAbsent({
    image: image ?? program.image ?? "debian:stable-slim",
    command: program.words.map(forCompose),
    init: true,
    working_dir: forCompose(spec.cwd),
    volumes: foldersOf(app).map((path) => ({
      type: "bind",
      source: forCompose(path),
      target: forCompose(path),
    })),
    user: uid === undefined ? undefined : `${uid}${gid === undefined ? "" : `:${gid}`}`,
    environment: mapped({ ...app.variables, ...instanceOf(app) }),
    env_file: secretsOf(app, folder, tell),
    ports: port === undefined || spec.instances > 1 ? undefined : [`127.0.0.1:${port}:${port}`],
    deploy: spec.instances > 1 ? { replicas: spec.instances } : undefined,
    depends_on: dependenciesOf(app, tell),
    healthcheck: health,
    restart: restartOf(app, tell),
    stop_signal: spec.stopSignal,
    stop_grace_period: `${spec.policy.killTimeoutMs}ms`,
    ...limitsOf(app, confinement, tell),
    profiles: isManual(app) ? ["manual"] : undefined,
    labels:
      spec.namespace === "default" ? undefined : { "xm.namespace": forCompose(spec.namespace) },
    hostname: spec.instances > 1 ? undefined : id,
  });
}

/** `$` begins a variable in every value. */
const forCompose = (text: string): string => text.replaceAll("$", "$$$$");

const mapped = (all: Readonly<Record<string, string>>): Fields | undefined => {
  const entries = Object.entries(all).map(([name, value]) => [name, forCompose(value)] as const);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
};

const instanceOf = ({ spec }: ExportedApp): Record<string, string> =>
  spec.instances > 1 ? {} : { [spec.instanceVariable]: "0" };

/** Its folder, and that of a script outside it. */
function foldersOf({ spec }: ExportedApp): string[] {
  const isOutside = spec.interpreter !== null && !`${spec.script}/`.startsWith(`${spec.cwd}/`);
  return isOutside ? [spec.cwd, dirname(spec.script)] : [spec.cwd];
}

/** What only a command or the clock starts. */
const isManual = ({ spec }: ExportedApp): boolean =>
  !spec.autostart || spec.sensors.schedule !== undefined;

function tellClock({ spec, id }: ExportedApp, tell: Tell): void {
  if (spec.sensors.schedule !== undefined)
    tell("schedule", `Compose has no clock: let cron run \`docker compose run --rm ${id}\``);
  if (spec.policy.restart.job?.runTimeoutMs != null) tell("run_timeout", "nothing ends a long run");
}

function dependenciesOf(app: ExportedApp, tell: Tell): Fields | undefined {
  const found = app.dependencies.flatMap(({ on, app: other }) => {
    if (other === undefined) {
      tell("depends_on", `${on.app} is not part of this export`);
      return [];
    }
    if (on.onLoss !== undefined && on.onLoss !== "keep")
      tell("depends_on", `nothing follows when ${on.app} is lost (on_loss)`);
    const isJob = other.spec.policy.restart.job !== undefined;
    const isChecked = composeHealth(other, () => {}) !== undefined;
    if (on.condition === "completed")
      tell("depends_on", `${on.app} has to succeed, not only to complete`);
    const waitsForSuccess =
      ["completed", "succeeded"].includes(on.condition) || (on.condition === "usual" && isJob);
    const wantsHealth = on.condition === "healthy" || on.condition === "usual";
    if (on.condition === "healthy" && !isChecked)
      tell("depends_on", `${on.app} has no health check here: it only has to be started`);
    const condition = waitsForSuccess
      ? "service_completed_successfully"
      : wantsHealth && isChecked
        ? "service_healthy"
        : "service_started";
    const more = {
      ...(on.isRequired ? {} : { required: false }),
      ...(on.followsRestarts === true ? { restart: true } : {}),
    };
    return [[other.id, { condition, ...more }] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function restartOf({ spec }: ExportedApp, tell: Tell): string {
  const { restart } = spec.policy;
  const { mode, maxRestarts, job } = restart;
  if (mode === "never") return "no";
  if (mode === "always" && job === undefined) {
    tell("max_restarts", "it is restarted without end, with growing waits");
    return "unless-stopped";
  }
  if (mode === "on-abnormal")
    tell("restart", "on-abnormal: an exit code other than 0 restarts it too");
  return `on-failure:${maxRestarts}`;
}

function limitsOf(
  app: ExportedApp,
  confinement: NonNullable<ExportedApp["spec"]["confinement"]>,
  tell: Tell,
): Fields {
  const { limits, oomScoreAdjust, noNewPrivileges, capabilities, groups } = confinement;
  const { maxMemoryBytes } = app.spec.sensors;
  if (maxMemoryBytes !== null)
    tell(
      "max_memory_restart",
      "the kernel kills it above the limit; it is not asked to exit first",
    );
  const amount = (value: number | null): number => value ?? -1;
  const ulimits = Object.entries(limits ?? {}).map(([name, { soft, hard }]) => [
    name,
    { soft: amount(soft), hard: amount(hard) },
  ]);
  return {
    ...groupFields(confinement.cgroup ?? {}, maxMemoryBytes, tell),
    ulimits: ulimits.length === 0 ? undefined : (Object.fromEntries(ulimits) as unknown),
    oom_score_adj: oomScoreAdjust,
    security_opt: noNewPrivileges === true ? ["no-new-privileges:true"] : undefined,
    cap_drop: capabilities === undefined ? undefined : ["ALL"],
    cap_add:
      capabilities === undefined || capabilities.length === 0
        ? undefined
        : capabilities.map((name) => name.toUpperCase()),
    group_add: groups === undefined || groups.length === 0 ? undefined : groups,
  };
}

function secretsOf(app: ExportedApp, folder: string | undefined, tell: Tell): string[] | undefined {
  const names = Object.keys(app.secrets);
  if (names.length === 0) return undefined;
  const file = `${app.id}.env`;
  if (folder === undefined)
    tell(
      "env",
      `values of ${names.join(", ")} are left out: put them into ${file}, or export into a folder with -o`,
    );
  return [file];
}

/** Compose reads such a file with double quotes as a shell would. */
function secretFiles(app: ExportedApp): ExportedFile[] {
  const all = Object.entries(app.secrets);
  if (all.length === 0) return [];
  const quoted = (value: string): string =>
    `"${value.replaceAll(/[\\"$]/g, "\\$&").replaceAll("\n", "\\n")}"`;
  const text = all.map(([name, value]) => `${name}=${quoted(value)}\n`).join("");
  return [{ name: `${app.id}.env`, text, mode: 0o600 }];
}

function withoutAbsent(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
