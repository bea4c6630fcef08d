import { plain } from "../../runtime/contract/plain.ts";
import type { ProcessView } from "../../runtime/client/connection/types.ts";
import { statusWord } from "../../runtime/compat/status.ts";
import { paint, statusColors } from "./colors.ts";
import { formatAge, formatBytes, formatPercent, formatTime } from "./format.ts";
import { groupLines } from "./groups.ts";
import { renderTable, type Column } from "./table.ts";

/** Without a terminal the table is as wide as it needs to be up to this; `COLUMNS` says otherwise. */
const widthWithoutTerminal = 160;

/** Prints the table of `xm ls`, and under it what is being reloaded, and why errored processes are. */
export function printList(list: readonly ProcessView[]): void {
  process.stdout.write(`${renderList(list, { width: terminalWidth(), now: Date.now() })}\n`);
}

export function terminalWidth(): number {
  return process.stdout.columns ?? (Number(process.env["COLUMNS"]) || widthWithoutTerminal);
}

export function renderList(
  list: readonly ProcessView[],
  options: { readonly width: number; readonly now: number },
): string {
  if (list.length === 0) return "no processes; start one with `xm start <script>`";
  const table = renderTables(list, options);
  const errored = list
    .filter(({ status }) => status === "errored" || status === "failed")
    .map(({ name, failure, decision }) => {
      const why = failure === null ? (decision ?? "") : `cannot be started: ${failure.message}`;
      return line("red", name, `${why} (xm why ${name})`);
    });
  const crashed = list.flatMap((each) => {
    const { name, decision } = each;
    const ageMs = crashAgeMs(each, options.now);
    if (ageMs === undefined || decision === null) return [];
    return line("yellow", name, `crashed ${formatAge(ageMs)} ago: ${decision} (xm why ${name})`);
  });
  const reloading = list.flatMap(({ app, reload }) =>
    reload === null
      ? []
      : line(
          "yellow",
          app,
          `is being reloaded by ${reload.by}, ${reload.done} of ${reload.total} done (${reload.step})`,
        ),
  );
  const troubled = list.flatMap(({ app, troubles }) =>
    troubles.map(({ sensor, reason }) => line("yellow", app, `${sensor}: ${reason}`)),
  );
  const pending = list
    .filter(({ status }) => status === "pending")
    .map(({ name, waitsFor }) => {
      if (waitsFor.length === 0) return line("yellow", name, "waits for its turn in its group");
      const each = waitsFor.map(({ app, condition, state }) => `${app} (${condition}: ${state})`);
      return line("yellow", name, `waits for ${each.join(", ")}`);
    });
  const scheduled = list.flatMap(({ name, nextRunAt }) =>
    nextRunAt === null
      ? []
      : line(
          "grey",
          name,
          `next run in ${formatAge(nextRunAt - options.now)} (${formatTime(nextRunAt)})`,
        ),
  );
  const unhealthy = list
    .filter(({ health }) => health === "unhealthy")
    .map(({ name, finding }) => line("red", name, `unhealthy: ${finding ?? ""}`));
  return [
    table,
    ...new Set([
      ...groupLines(list),
      ...scheduled,
      ...reloading,
      ...pending,
      ...unhealthy,
      ...troubled,
      ...crashed,
      ...errored,
    ]),
  ].join("\n");
}

/** PM2: modules have a table of their own. */
function renderTables(
  list: readonly ProcessView[],
  { width, now }: { readonly width: number; readonly now: number },
): string {
  const apps = list.filter(({ isModule }) => isModule !== true);
  const modules = list.filter(({ isModule }) => isModule === true);
  const columns = columnsFor(now);
  const ofModules = columns
    .filter(({ title }) => !["namespace", "mode", "watching"].includes(title))
    .map((column) => (column.title === "name" ? { ...column, title: "module" } : column));
  return [
    ...(apps.length > 0 ? [renderTable(apps, columns, width)] : []),
    ...(modules.length > 0 ? [renderTable(modules, ofModules, width)] : []),
  ].join("\n");
}

/** A line under the table; nothing in it is ours. */
function line(color: "grey" | "red" | "yellow", name: string, text: string): string {
  return `${paint(color, plain(name))}: ${plain(text)}`;
}

/** A crash is shown for this long once the process is up again or about to be; ms. */
const crashIsNewsMs = 60_000;

/** How long ago a process crashed that is up again or about to be: the table shows a crash loop as `online`. */
function crashAgeMs({ status, lastExit }: ProcessView, now: number): number | undefined {
  if (status !== "online" && status !== "starting" && status !== "waiting") return undefined;
  if (lastExit === null || lastExit.askedBy !== null) return undefined;
  if (lastExit.code === 0 && lastExit.signal === null) return undefined;
  const ageMs = Math.max(0, now - lastExit.at);
  return ageMs <= crashIsNewsMs ? ageMs : undefined;
}

/** A few lines per process, PM2's, for scripts and narrow places (`-m`). */
export function renderMiniList(list: readonly ProcessView[], now: number): string {
  return list
    .map((each) =>
      [
        `+--- ${each.name}`,
        `namespace : ${each.namespace}`,
        `version : ${each.version ?? "N/A"}`,
        `pid : ${each.pid ?? 0}`,
        `pm2 id : ${each.id}`,
        `status : ${statusWord(each.status)}`,
        `mode : ${each.mode}`,
        `restarted : ${each.restarts}`,
        `uptime : ${uptime(each, now)}`,
        `memory usage : ${each.memoryBytes === null ? "0b" : formatBytes(each.memoryBytes)}`,
        `error log : ${each.logs.error ?? "/dev/null"}`,
        `watching : ${{ disabled: "no", failing: "failing", enabled: "yes" }[watchingOf(each)]}`,
        `PID file : ${each.pidFile ?? ""}`,
        "",
      ]
        .map(plain)
        .join("\n"),
    )
    .join("\n");
}

function columnsFor(now: number): Column<ProcessView>[] {
  return [
    { title: "id", cell: ({ id }) => String(id), dropOrder: 0, align: "right" },
    { title: "name", cell: ({ name }) => name, color: () => "bold", dropOrder: 0, shrinkTo: 12 },
    { title: "namespace", cell: ({ namespace }) => namespace, dropOrder: 5, shrinkTo: 9 },
    { title: "version", cell: ({ version }) => version ?? "–", dropOrder: 8 },
    { title: "mode", cell: ({ mode }) => mode, dropOrder: 4 },
    {
      title: "pid",
      cell: ({ pid }) => (pid === null ? "–" : String(pid)),
      dropOrder: 0,
      align: "right",
    },
    { title: "uptime", cell: (each) => uptime(each, now), dropOrder: 2, align: "right" },
    { title: "↺", cell: ({ restarts }) => String(restarts), dropOrder: 1, align: "right" },
    {
      title: "status",
      cell: (each) => statusText(each, now),
      color: ({ status, health }) => (health === "unhealthy" ? "red" : statusColors[status]),
      dropOrder: 0,
    },
    {
      title: "cpu",
      cell: ({ cpuPercent }) => formatPercent(cpuPercent),
      dropOrder: 3,
      align: "right",
    },
    {
      title: "mem",
      cell: ({ memoryBytes }) => formatBytes(memoryBytes),
      dropOrder: 2,
      align: "right",
    },
    { title: "user", cell: ({ user }) => user ?? "–", dropOrder: 6, shrinkTo: 4 },
    {
      title: "watching",
      cell: watchingOf,
      dropOrder: 7,
    },
  ];
}

function uptime({ status, startedAt }: ProcessView, now: number): string {
  const runs = status === "online" || status === "starting" || status === "stopping";
  return runs && startedAt !== null ? formatAge(now - startedAt) : "0";
}

/** A wait says how much of it is left. */
function statusText({ status, restartAt, health }: ProcessView, now: number): string {
  const isUnhealthy = status === "online" && health === "unhealthy";
  const word = isUnhealthy ? "online, unhealthy" : statusWord(status);
  if (status !== "waiting" || restartAt === null) return word;
  return `${word} ${Math.max(0, Math.ceil((restartAt - now) / 1_000))}s`;
}

/** Whether its files are watched: where they are to be and cannot, nothing watches. */
function watchingOf({ watching, troubles }: ProcessView): "disabled" | "enabled" | "failing" {
  if (!watching) return "disabled";
  return troubles.some(({ sensor }) => sensor === "watch") ? "failing" : "enabled";
}
