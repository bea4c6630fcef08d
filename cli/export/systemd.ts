import { join } from "node:path";
import { plain } from "../../runtime/contract/plain.ts";
import { calendarOf, cronOfEvery } from "./calendar.ts";
import type { Exported, ExportedApp, ExportedFile, ExportOptions, Note, Tell } from "./contract.ts";
import { comments, teller, tellCommon } from "./notes.ts";
import {
  environmentLines,
  limitLines,
  outputLines,
  restartLines,
  sensorLines,
} from "./systemd-service.ts";
import { hookLines } from "./systemd-hooks.ts";
import { environmentLine, unitCommand, unitTime, unitValue, unitWord } from "./systemd-words.ts";

type Lines = readonly (string | undefined)[];

/** Units for the apps themselves: a service for each process, a template and a target where there are several. */
export function toSystemd(apps: readonly ExportedApp[], { folder }: ExportOptions): Exported {
  const notes: Note[] = [];
  const files = apps.flatMap((app) => {
    const tell = teller(app.spec.name, notes);
    const secretFile = secretFileOf(app, folder, tell);
    const clock = timerOf(app, tell);
    const service = serviceOf(app, secretFile, clock.startsIt, tell);
    const [main, ...others] = [
      { name: `${app.id}${isTemplate(app) ? "@" : ""}.service`, text: service },
      ...instancesOf(app),
      ...clock.files,
    ];
    const own = [
      { name: main.name, text: `${head(app)}${comments(notes, app.spec.name)}${main.text}` },
      ...others.map(({ name, text }) => ({ name, text: `${head(app)}${text}` })),
    ].map((file) => ({ ...file, mode: 0o644 }));
    return [...own, ...(folder === undefined ? [] : secretFiles(app))];
  });
  return { files, notes };
}

function head({ spec }: ExportedApp): string {
  return `# Written by \`xm export systemd\` for ${plain(spec.name)}; it needs no Ex Machina.\n`;
}

const isTemplate = ({ spec }: ExportedApp): boolean => spec.instances > 1;

function serviceOf(
  app: ExportedApp,
  secretFile: string | undefined,
  isByClock: boolean,
  tell: Tell,
): string {
  const { spec, user } = app;
  const { job } = spec.policy.restart;
  tellCommon(app, tell);
  tellProbes(app, tell);
  if (spec.mode === "cluster" && spec.instances > 1)
    tell(
      "exec_mode",
      "the processes of a cluster share a port; here each needs a port of its own, or an app that uses node:cluster itself",
    );
  const restart = restartLines(app, tell);
  const isMany = isTemplate(app);
  return sections({
    Unit: [
      `Description=${unitValue(plain(spec.name))}${isMany ? ", process %i" : ""}`,
      "After=network.target",
      isMany ? `PartOf=${app.id}.target` : undefined,
      ...dependencyLines(app, tell),
      ...restart.unit,
    ],
    Service: [
      `Type=${job === undefined ? "exec" : "oneshot"}`,
      job?.remainsAfterExit === true ? "RemainAfterExit=yes" : undefined,
      job === undefined ? undefined : `TimeoutStartSec=${timeoutOf(job.runTimeoutMs)}`,
      ...hookLines(app, tell).start,
      `ExecStart=${unitCommand(app.command)}`,
      ...hookLines(app).stop,
      `WorkingDirectory=${unitValue(spec.cwd)}`,
      spec.uid === null && user === undefined ? undefined : `User=${spec.uid ?? user}`,
      spec.gid === null ? undefined : `Group=${spec.gid}`,
      ...environmentLines(app, { instance: isMany ? "%i" : "0", secretFile }, tell),
      `SyslogIdentifier=${unitValue(app.id)}`,
      ...outputLines(app),
      spec.umask === null ? undefined : `UMask=${spec.umask.toString(8).padStart(4, "0")}`,
      ...restart.service,
      `KillSignal=${spec.stopSignal}`,
      `TimeoutStopSec=${unitTime(spec.policy.killTimeoutMs)}`,
      spec.killsTree ? undefined : "KillMode=process",
      ...sensorLines(app, tell),
      ...limitLines(spec.confinement),
    ],
    Install: isMany || isByClock || !spec.autostart ? [] : ["WantedBy=multi-user.target"],
  });
}

const timeoutOf = (ms: number | null): string => (ms === null ? "infinity" : unitTime(ms));

/** systemd asks an app nothing; what it is asked here is named. */
function tellProbes({ spec }: ExportedApp, tell: Tell): void {
  const { probe, probes } = spec.policy;
  const why = "systemd runs no probes; an app can use sd_notify(3): Type=notify, WatchdogSec=";
  if (probe !== null) tell("ready", why);
  if (probes?.startup != null) tell("startup_probe", why);
  if (probes?.readiness != null) tell("readiness_probe", why);
  if (probes?.liveness != null) tell("liveness_probe", why);
}

function dependencyLines({ dependencies }: ExportedApp, tell: Tell): string[] {
  return dependencies.flatMap(({ on, app: other }) => {
    if (other === undefined) {
      tell("depends_on", `${on.app} is not part of this export`);
      return [];
    }
    const isJob = other.spec.policy.restart.job !== undefined;
    if (on.condition === "completed")
      tell(
        "depends_on",
        `it is started after ${on.app} has completed, and not after it has failed`,
      );
    else if (!isJob && (on.condition === "healthy" || on.condition === "succeeded"))
      tell(
        "depends_on",
        `it is started when ${on.app} has been started; ${on.condition} is not waited for`,
      );
    if (on.onLoss === "restart")
      tell("depends_on", `it is stopped, not restarted, when ${on.app} is lost`);
    const unit = isTemplate(other) ? `${other.id}.target` : `${other.id}.service`;
    const isBound = on.onLoss === "stop" || on.onLoss === "restart";
    if (on.isRequired && !isBound && on.followsRestarts !== true)
      tell("depends_on", `Requires= also stops and restarts it with ${on.app}`);
    return [
      `After=${unit}`,
      `${isBound ? "BindsTo" : on.isRequired ? "Requires" : "Wants"}=${unit}`,
      ...(on.followsRestarts === true && !on.isRequired ? [`PartOf=${unit}`] : []),
    ];
  });
}

/** The target that stands for all processes of an app, and what differs from one to another. */
function instancesOf(app: ExportedApp): { name: string; text: string }[] {
  if (!isTemplate(app)) return [];
  const { spec, id, variables } = app;
  const numbers = Array.from({ length: spec.instances }, (_, index) => index);
  const target = sections({
    Unit: [
      `Description=${unitValue(plain(spec.name))}, ${spec.instances} processes`,
      `Wants=${numbers.map((number) => `${id}@${number}.service`).join(" ")}`,
    ],
    Install: spec.autostart ? ["WantedBy=multi-user.target"] : [],
  });
  const { incrementVariable: name } = spec;
  const first = Number(name === null ? Number.NaN : (variables[name] ?? 0));
  const own = Number.isInteger(first)
    ? numbers.map((number) => ({
        name: `${id}@${number}.service.d/instance.conf`,
        text: sections({ Service: [`Environment=${unitWord(`${name}=${first + number}`)}`] }),
      }))
    : [];
  return [{ name: `${id}.target`, text: target }, ...own];
}

/** The clock starts a job, or restarts an app. */
function timerOf(
  app: ExportedApp,
  tell: Tell,
): { readonly startsIt: boolean; readonly files: { name: string; text: string }[] } {
  const { id, spec } = app;
  const { schedule, cron, cronTimezone } = spec.sensors;
  if (schedule !== undefined) {
    if (schedule.concurrency === "replace")
      tell("schedule.concurrency_policy", "a time at which it still runs is left out");
    const times = scheduleLines(schedule, tell);
    const timer = sections({
      Unit: [`Description=When ${unitValue(plain(spec.name))} is run`],
      Timer: [
        ...times,
        "AccuracySec=1s",
        schedule.jitterMs > 0 ? `RandomizedDelaySec=${unitTime(schedule.jitterMs)}` : undefined,
        schedule.catchesUp ? "Persistent=yes" : undefined,
      ],
      Install: ["WantedBy=timers.target"],
    });
    return {
      startsIt: true,
      files: times.length === 0 ? [] : [{ name: `${id}.timer`, text: timer }],
    };
  }
  if (cron === null) return { startsIt: false, files: [] };
  const calendar = calendarOf(cron, cronTimezone);
  if (calendar === undefined) {
    tell("cron_restart", `systemd has no time for ${cron}`);
    return { startsIt: false, files: [] };
  }
  const units = isTemplate(app) ? `${id}@*.service` : `${id}.service`;
  const restart = sections({
    Unit: [`Description=Restarts ${unitValue(plain(spec.name))}`],
    Service: [
      "Type=oneshot",
      `ExecStart=${unitCommand(["/usr/bin/systemctl", "try-restart", units])}`,
    ],
  });
  const timer = sections({
    Unit: [`Description=When ${unitValue(plain(spec.name))} is restarted`],
    Timer: [`OnCalendar=${calendar}`, "AccuracySec=1s"],
    Install: ["WantedBy=timers.target"],
  });
  const files = [
    { name: `${id}-restart.service`, text: restart },
    { name: `${id}-restart.timer`, text: timer },
  ];
  return { startsIt: false, files };
}

function scheduleLines(
  { cron, timezone, everyMs }: NonNullable<ExportedApp["spec"]["sensors"]["schedule"]>,
  tell: Tell,
): string[] {
  const counted = everyMs === null ? undefined : cronOfEvery(everyMs);
  const pattern = cron ?? counted;
  const calendar =
    pattern === undefined ? undefined : calendarOf(pattern, cron === null ? "UTC" : timezone);
  if (calendar !== undefined) return [`OnCalendar=${calendar}`];
  if (everyMs === null) {
    tell("schedule.cron", `systemd has no time for ${cron}: there is no timer`);
    return [];
  }
  tell("schedule.every", "it is counted from the start of the machine, not from the epoch");
  return [`OnBootSec=${unitTime(everyMs)}`, `OnUnitActiveSec=${unitTime(everyMs)}`];
}

const secretName = ({ id }: ExportedApp): string => `${id}.env`;

/** Printed units name the file that has to be written. */
function secretFileOf(
  app: ExportedApp,
  folder: string | undefined,
  tell: Tell,
): string | undefined {
  const names = Object.keys(app.secrets);
  if (names.length === 0) return undefined;
  const file = join(folder ?? "/etc/exported-apps", secretName(app));
  if (folder === undefined)
    tell(
      "env",
      `values of ${names.join(", ")} are left out: put them into ${file}, or export into a folder with -o`,
    );
  return file;
}

function secretFiles(app: ExportedApp): ExportedFile[] {
  const all = Object.entries(app.secrets);
  if (all.length === 0) return [];
  const text = all.map(([name, value]) => environmentLine(name, value)).join("");
  return [{ name: secretName(app), text, mode: 0o600 }];
}

function sections(all: Readonly<Record<string, Lines>>): string {
  const texts = Object.entries(all).flatMap(([name, lines]) => {
    const present = lines.filter((line) => line !== undefined);
    return present.length === 0 ? [] : [`[${name}]\n${present.join("\n")}\n`];
  });
  return texts.join("\n");
}
