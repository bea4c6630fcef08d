import { plain } from "../../runtime/contract/plain.ts";
import { formatBytes, formatPercent } from "../render/format.ts";
import { detailRows } from "./detail-rows.ts";
import { listRows } from "./list-rows.ts";
import { logRows, logTitle } from "./log-rows.ts";
import type { Model } from "./model.ts";
import { matchingCommands } from "./palette.ts";
import { cut, pad, type Row } from "./text.ts";

/** What a click on a row of the screen means. */
export type Place = { readonly kind: "process"; readonly id: number } | { readonly kind: "log" };

/** The whole screen: exactly as many rows as it has, none wider. */
export interface Drawn {
  readonly rows: readonly Row[];
  /** Of each row; nothing where a click has no meaning. */
  readonly places: readonly (Place | undefined)[];
}

interface Size {
  readonly width: number;
  readonly height: number;
  readonly now: number;
}

interface Placed {
  readonly row: Row;
  readonly place?: Place;
}

export function drawn(model: Model, { width, height, now }: Size): Drawn {
  const body = Math.max(0, height - 2);
  const middle =
    model.mode === "help"
      ? helpRows(width).map((row) => ({ row }))
      : bodyRows(model, { width, body, now });
  const filled = Array.from({ length: body }, (_, index): Placed => middle[index] ?? { row: [] });
  const covered = model.mode === "palette" ? underPalette(model, filled, width) : filled;
  const all: Placed[] = [
    { row: headRow(model, width) },
    ...covered,
    { row: footRow(model, width) },
  ].slice(0, height);
  return { rows: all.map(({ row }) => row), places: all.map(({ place }) => place) };
}

function bodyRows(
  model: Model,
  { width, body, now }: { width: number; body: number; now: number },
): Placed[] {
  const log = (count: number): Placed[] =>
    [logTitle(model, width), ...logRows(model, { width, count: count - 1 })].map((row) => ({
      row,
      place: { kind: "log" },
    }));
  const selected = model.processes.find(({ id }) => id === model.selected);
  if (model.isLogOnly && selected !== undefined) return log(body);
  const most = Math.max(2, Math.floor(body * 0.45));
  const list = listRows(model, { width, most, now }).map(({ row, id }): Placed =>
    id === null ? { row } : { row, place: { kind: "process", id } },
  );
  if (selected === undefined) return list;
  const details = detailRows(model, selected, { width, body, now }).map((row) => ({ row }));
  const left = body - list.length - details.length;
  return [...list, ...details, ...(left > 0 ? log(left) : [])];
}

function headRow({ processes, isAway }: Model, width: number): Row {
  const count = (...statuses: string[]): number =>
    processes.filter(({ status }) => statuses.includes(status)).length;
  const unhealthy = processes.filter(({ health }) => health === "unhealthy").length;
  const some = (number: number, word: string): string[] =>
    number > 0 ? [`${number} ${word}`] : [];
  const sum = (of: "cpuPercent" | "memoryBytes"): number =>
    processes.reduce((total, each) => total + (each[of] ?? 0), 0);
  const parts = isAway
    ? ["no daemon answers; waiting for it", countOf(processes)]
    : [
        countOf(processes),
        `${count("online")} online`,
        ...some(count("errored"), "errored"),
        ...some(count("failed"), "failed"),
        ...some(unhealthy, "unhealthy"),
        `cpu ${formatPercent(sum("cpuPercent"))}`,
        `memory ${formatBytes(sum("memoryBytes"))}`,
      ];
  const text = pad(cut(` xm monit  ${parts.join(", ")}`, width), width);
  return [{ text, isInverse: true, color: isAway ? "red" : undefined }];
}

function countOf({ length }: { readonly length: number }): string {
  return `${length} ${length === 1 ? "process" : "processes"}`;
}

function footRow(model: Model, width: number): Row {
  const { mode, wanted, filter, find, typed, message } = model;
  if (mode === "filter") return [{ text: cut(`/${plain(filter)}▏`, width) }];
  if (mode === "find") return [{ text: cut(`find: ${plain(find)}▏`, width) }];
  if (mode === "palette") return [{ text: cut(`:${plain(typed)}▏`, width) }];
  if (mode === "confirm" && wanted !== null) {
    const text = `${wanted.name} ${plain(wanted.label)}? y/n`;
    return [{ text: cut(text, width), color: "yellow" }];
  }
  if (message !== "") return [{ text: cut(plain(message), width), color: "yellow" }];
  const keys =
    "/ filter  : commands  s stop/start  r restart  l reload  d delete  f find  v level  z zoom  ? help  q quit";
  const shown = filter === "" ? "" : `/${plain(filter)}  `;
  return [{ text: cut(shown + keys, width), color: "dim" }];
}

const mostCommands = 10;

/** The commands of the palette, over the lowest rows. */
function underPalette(model: Model, rows: readonly Placed[], width: number): Placed[] {
  const commands = matchingCommands(model.typed);
  const count = Math.min(commands.length, mostCommands, rows.length);
  const choice = Math.min(model.choice, Math.max(0, commands.length - 1));
  const first = Math.max(0, Math.min(choice - count + 1, commands.length - count));
  const shown = commands.slice(first, first + count).map(({ name, takes, does }, index): Placed => {
    const isSelected = first + index === choice;
    const usage = `${isSelected ? ">" : " "} ${name}${takes === undefined ? "" : ` ${takes}`}`;
    return { row: [{ text: pad(cut(`${pad(usage, 34)} ${does}`, width), width), isSelected }] };
  });
  return [...rows.slice(0, rows.length - count), ...shown];
}

function helpRows(width: number): Row[] {
  return [
    " ↑ ↓ j k      select a process",
    " /            filter by name, namespace, group, id, status or health",
    " :            commands",
    " s r l d      stop or start, restart, reload, delete (asks first)",
    " PgUp PgDn    scroll the log; Home, End follows again",
    " f n N        find in the log; older, newer match",
    " v            level: debug, info, warn, error, all",
    " z Enter      the log on the whole screen, and back",
    " w            wrap long lines",
    " m            mouse on or off: click selects, the wheel scrolls",
    " Esc          back: whole log, find, filter",
    " q Ctrl-C     quit",
    " any key      close this help",
  ].map((text) => [{ text: cut(text, width) }]);
}
