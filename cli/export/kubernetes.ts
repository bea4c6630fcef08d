import { resourcesOf } from "./group-words.ts";
import { basename } from "node:path";
import { plain } from "../../runtime/contract/plain.ts";
import { cronFields, cronOfEvery } from "./calendar.ts";
import { numbersIn, portOf, programIn, secondsOf, tellContainer } from "./container-words.ts";
import type { Exported, ExportedApp, ExportOptions, Note, Tell } from "./contract.ts";
import { kubernetesProbes } from "./kubernetes-probes.ts";
import { comments, teller, tellCommon } from "./notes.ts";
import { yamlStyle } from "./yaml-style.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A Deployment, Job or CronJob for each app, with a Service where its port is known: a file each. */
export async function toKubernetes(
  apps: readonly ExportedApp[],
  options: ExportOptions,
): Promise<Exported> {
  const { stringify } = await import("yaml");
  const yaml = (value: unknown): string => stringify(value, yamlStyle);
  const notes: Note[] = [];
  const files = apps.flatMap((app) => {
    const name = labelOf(app);
    const documents = manifestsOf(app, name, options, teller(app.spec.name, notes));
    const head = `# Written by \`xm export k8s\` for ${plain(app.spec.name)}; it needs no Ex Machina.\n${comments(notes, app.spec.name)}`;
    const own = {
      name: `${name}.yaml`,
      text: `${head}${documents.map(yaml).join("---\n")}`,
      mode: 0o644,
    };
    const hasSecrets = Object.keys(app.secrets).length > 0 && options.folder !== undefined;
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: metadataOf(app, name),
      type: "Opaque",
      stringData: app.secrets,
    };
    return hasSecrets
      ? [own, { name: `${name}-secret.yaml`, text: yaml(secret), mode: 0o600 }]
      : [own];
  });
  return { files, notes };
}

/** DNS labels: a CronJob's has 52 characters at most. */
function labelOf({ id }: ExportedApp): string {
  const label = id
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .slice(0, 52);
  return label.replaceAll(/^-+|-+$/g, "") || "app";
}

const metadataOf = ({ spec }: ExportedApp, name: string): Fields => ({
  name,
  labels: {
    "app.kubernetes.io/name": name,
    ...(spec.namespace === "default"
      ? {}
      : {
          "app.kubernetes.io/part-of": spec.namespace
            .replaceAll(/[^A-Za-z0-9_.-]+/g, "-")
            .slice(0, 63),
        }),
  },
});

function manifestsOf(app: ExportedApp, name: string, options: ExportOptions, tell: Tell): Fields[] {
  const { spec } = app;
  tellCommon(app, tell);
  tellContainer(app, tell);
  tellKubernetes(app, tell);
  const metadata = metadataOf(app, name);
  const { job } = spec.policy.restart;
  const pod = podOf(app, name, options, tell);
  if (job !== undefined) return [jobOf(app, metadata, pod, tell)];
  if (spec.policy.restart.mode !== "always")
    tell("restart", `${spec.policy.restart.mode}: a Deployment always restarts its containers`);
  tell("max_restarts", "it is restarted without end, with growing waits");
  const selector = { "app.kubernetes.io/name": name };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      replicas: spec.autostart ? spec.instances : 0,
      selector: { matchLabels: selector },
      template: { metadata: { labels: metadata["labels"] }, spec: pod },
    },
  };
  const port = portOf(app);
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { selector, ports: [{ port, targetPort: port }] },
  };
  return port === undefined ? [deployment] : [deployment, service];
}

function tellKubernetes({ spec, dependencies }: ExportedApp, tell: Tell): void {
  if (spec.stopSignal !== "SIGTERM")
    tell(
      "kill_signal",
      `SIGTERM is sent and not ${spec.stopSignal}: an app that exits cleanly on one only has to know the other`,
    );
  for (const { on } of dependencies)
    tell(
      "depends_on",
      `nothing waits for ${on.app}: the app has to try again, or an init container to wait`,
    );
  const { limits, oomScoreAdjust } = spec.confinement ?? {};
  if (limits !== undefined) tell("limits", "those of the node's container engine apply");
  if (oomScoreAdjust !== undefined) tell("oom_score_adjust", "it follows from the pod's resources");
  if (spec.sensors.maxMemoryBytes !== null)
    tell(
      "max_memory_restart",
      "the kernel kills it above the limit; it is not asked to exit first",
    );
}

function podOf(
  app: ExportedApp,
  name: string,
  { image, folder }: ExportOptions,
  tell: Tell,
): Fields {
  const { spec } = app;
  const program = programIn(app);
  if (image === undefined)
    tell(
      "script",
      `build an image with ${spec.cwd} in it, from ${program.image ?? "one that has its program"}, and name it with --image`,
    );
  const secrets = Object.keys(app.secrets);
  if (secrets.length > 0 && folder === undefined)
    tell(
      "env",
      `values of ${secrets.join(", ")} are left out: create the Secret ${name}, or export into a folder with -o`,
    );
  const port = portOf(app);
  const variables = {
    ...app.variables,
    ...(spec.instances > 1 ? {} : { [spec.instanceVariable]: "0" }),
  };
  const { maxMemoryBytes } = spec.sensors;
  return {
    terminationGracePeriodSeconds: secondsOf(spec.policy.killTimeoutMs),
    ...podSecurity(app),
    ...(spec.policy.restart.job === undefined
      ? {}
      : { restartPolicy: spec.policy.restart.mode === "never" ? "Never" : "OnFailure" }),
    containers: [
      withoutAbsent({
        name: basename(name),
        image: image ?? `${name}:latest`,
        command: program.words.map(forKubernetes),
        workingDir: spec.cwd,
        env: Object.entries(variables).map(([key, value]) => ({
          name: key,
          value: forKubernetes(value),
        })),
        envFrom: secrets.length === 0 ? undefined : [{ secretRef: { name } }],
        ports: port === undefined ? undefined : [{ containerPort: port }],
        ...(spec.policy.restart.job === undefined ? kubernetesProbes(app, tell) : {}),
        resources: resourcesOf(spec.confinement?.cgroup ?? {}, maxMemoryBytes, tell),
        securityContext: containerSecurity(app),
      }),
    ],
  };
}

/** `$(NAME)` is replaced by a variable. */
const forKubernetes = (text: string): string => text.replaceAll("$(", "$$$$(");

function podSecurity(app: ExportedApp): Fields {
  const { uid, gid } = numbersIn(app);
  const groups = (app.spec.confinement?.groups ?? []).map(Number).filter(Number.isInteger);
  const context = withoutAbsent({
    runAsUser: uid,
    runAsGroup: gid,
    supplementalGroups: groups.length === 0 ? undefined : groups,
  });
  return Object.keys(context).length === 0 ? {} : { securityContext: context };
}

function containerSecurity({ spec }: ExportedApp): Fields | undefined {
  const { noNewPrivileges, capabilities } = spec.confinement ?? {};
  const context = withoutAbsent({
    allowPrivilegeEscalation: noNewPrivileges === true ? false : undefined,
    capabilities:
      capabilities === undefined
        ? undefined
        : { drop: ["ALL"], add: capabilities.map((each) => each.toUpperCase()) },
  });
  return Object.keys(context).length === 0 ? undefined : context;
}

function jobOf(app: ExportedApp, metadata: Fields, pod: Fields, tell: Tell): Fields {
  const { mode, maxRestarts, job } = app.spec.policy.restart;
  const { schedule } = app.spec.sensors;
  const spec = withoutAbsent({
    backoffLimit: mode === "never" ? 0 : maxRestarts,
    activeDeadlineSeconds: job?.runTimeoutMs == null ? undefined : secondsOf(job.runTimeoutMs),
    template: { metadata: { labels: metadata["labels"] }, spec: pod },
  });
  if (schedule === undefined) return { apiVersion: "batch/v1", kind: "Job", metadata, spec };
  if (schedule.jitterMs > 0) tell("schedule.jitter", "all runs begin exactly at their time");
  const pattern = patternOf(schedule, tell);
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata,
    spec: withoutAbsent({
      schedule: pattern ?? "0 0 * * *",
      // A time that no pattern has: it waits until somebody has chosen one.
      suspend: pattern === undefined ? true : undefined,
      timeZone: schedule.cron === null ? "Etc/UTC" : (schedule.timezone ?? undefined),
      concurrencyPolicy: schedule.concurrency === "replace" ? "Replace" : "Forbid",
      startingDeadlineSeconds: schedule.catchesUp
        ? undefined
        : secondsOf(schedule.startingDeadlineMs),
      jobTemplate: { spec },
    }),
  };
}

/** Five fields, without what only Ex Machina's cron has. */
function patternOf(
  { cron, everyMs }: NonNullable<ExportedApp["spec"]["sensors"]["schedule"]>,
  tell: Tell,
): string | undefined {
  const field = cron === null ? "schedule.every" : "schedule.cron";
  const wanted = cron ?? (everyMs === null ? undefined : cronOfEvery(everyMs));
  const [seconds, ...fields] = (wanted === undefined ? undefined : cronFields(wanted)) ?? [];
  if (
    seconds !== "0" ||
    fields.some((each) => /[LW#]/i.test(each.replaceAll(/jul/gi, "").replaceAll(/wed/gi, "")))
  ) {
    tell(field, `a CronJob has no time for ${cron ?? `every ${everyMs} ms`}: it is suspended`);
    return undefined;
  }
  const [, , day, , weekday] = fields;
  if (day !== "*" && day !== "?" && weekday !== "*" && weekday !== "?")
    tell(field, "a day of the month or of the week is enough there; here both have to match");
  return fields.join(" ");
}

function withoutAbsent(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
