import { plain, plainOutput } from "../../runtime/contract/plain.ts";
import type { ProcessView } from "../../runtime/client/connection/types.ts";
import { statusWord } from "../../runtime/compat/status.ts";
import { statusColors, type Color } from "../render/colors.ts";
import { formatAge, formatBytes, formatPercent } from "../render/format.ts";
import { textWidth } from "../render/table.ts";
import { shownProcesses, type Model } from "./model.ts";

/** A piece of a row, in one colour. */
export interface Piece {
  readonly text: string;
  readonly color?: Color | undefined;
  readonly isInverse?: boolean;
}

export type Row = readonly Piece[];

/** The whole screen, exactly as many rows as it has, none wider. */
export function rowsOf(
  model: Model,
  { width, height, now }: { width: number; height: number; now: number },
): Row[] {
  const body = Math.max(0, height - 2);
  const middle = model.mode === "help" ? helpRows(width) : bodyRows(model, { width, body, now });
  const filled = Array.from({ length: body }, (_, index): Row => middle[index] ?? []);
  return [headRow(model, width), ...filled, footRow(model, width)].slice(0, height);
}

function bodyRows(
  model: Model,
  { width, body, now }: { width: number; body: number; now: number },
): Row[] {
  const shown = shownProcesses(model);
  const listRows = Math.max(1, Math.min(shown.length, Math.max(2, Math.floor(body * 0.45))));
  const at = Math.max(
    0,
    shown.findIndex(({ id }) => id === model.selected),
  );
  const first = Math.max(0, Math.min(at - Math.floor(listRows / 2), shown.length - listRows));
  const columns = columnsFor(width, shown);
  const list = shown
    .slice(first, first + listRows)
    .map((each) => listRow(each, { model, columns, width, now }));
  if (shown.length === 0) {
    const text = model.filter === "" ? "no processes; `xm start` starts one" : "nothing matches";
    list.push([{ text: cut(text, width), color: "dim" }]);
  }
  const selected = shown[at];
  if (selected === undefined) return list;
  const why = body >= 8 ? wrap(whyOf(selected), width).slice(0, body >= 16 ? 3 : 1) : [];
  const left = body - list.length - why.length - 1;
  const title = `── ${plain(selected.name)} (${selected.id}) logs${model.back > 0 ? `, ${model.back} back` : ""} `;
  const rule: Row = [
    { text: cut(title, width) + "─".repeat(Math.max(0, width - textWidth(title))), color: "dim" },
  ];
  const reason = why.map((text): Row => [{ text, color: "cyan" }]);
  return [...list, ...reason, rule, ...logRows(model, { width, count: Math.max(0, left) })];
}

/** What was decided last, why it cannot be started, or what it waits for. */
function whyOf({ failure, decision, waitsFor, troubles, status }: ProcessView): string {
  const [trouble] = troubles;
  if (failure !== null) return `cannot be started: ${plain(failure.message)}`;
  if (waitsFor.length > 0)
    return `waits for ${plain(waitsFor.map(({ app, condition }) => `${app} (${condition})`).join(", "))}`;
  if (trouble !== undefined) return plain(`${trouble.sensor}: ${trouble.reason}`);
  return plain(decision ?? `${statusWord(status)}; no decision yet`);
}

function headRow({ processes, isAway }: Model, width: number): Row {
  const count = (...statuses: string[]): number =>
    processes.filter(({ status }) => statuses.includes(status)).length;
  const errored = count("errored");
  const failed = count("failed");
  const parts = [
    `xm monit  ${processes.length} processes`,
    `${count("online")} online`,
    ...(errored > 0 ? [`${errored} errored`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(isAway ? ["no daemon answers; waiting for it"] : []),
  ];
  const text = cut(` ${parts.join(", ")}`, width);
  return [
    { text: pad(text, width), isInverse: true, ...(isAway ? { color: "red" as const } : {}) },
  ];
}

function footRow(model: Model, width: number): Row {
  const { mode, wanted, filter, message } = model;
  if (mode === "filter") return [{ text: cut(`/${plain(filter)}▏`, width) }];
  if (mode === "confirm" && wanted !== null) {
    const text = `${wanted.name} ${plain(wanted.app)} (${wanted.id})? y/n`;
    return [{ text: cut(text, width), color: "yellow" }];
  }
  if (message !== "") return [{ text: cut(plain(message), width), color: "yellow" }];
  const keys = "/ filter  s stop/start  r restart  l reload  d delete  w wrap  ? help  q quit";
  const shown = filter === "" ? "" : `/${plain(filter)}  `;
  return [{ text: cut(shown + keys, width), color: "dim" }];
}

function helpRows(width: number): Row[] {
  return [
    "",
    " ↑ ↓ j k      select a process",
    " /            filter by name, namespace, id or status; Esc shows all",
    " s r l d      stop or start, restart, reload, delete (asks first)",
    " PgUp PgDn    scroll its logs; End follows again",
    " w            wrap long lines",
    " q Ctrl-C     quit",
    " any key      close this help",
  ].map((text) => [{ text: cut(text, width) }]);
}

interface Column {
  readonly width: number;
  readonly isRight?: boolean;
  readonly cell: (process: ProcessView, context: { model: Model; now: number }) => string;
  readonly color?: (process: ProcessView) => Color;
}

/** As many as there is room for; the name takes what is left. */
function columnsFor(width: number, shown: readonly ProcessView[]): Column[] {
  const hasNamespaces = new Set(shown.map(({ namespace }) => namespace)).size > 1;
  const name = (size: number): Column => ({ width: size, cell: (each) => each.name });
  const optional: (Column & { readonly from: number })[] = [
    { from: 100, width: 14, cell: ({ id }, { model }) => sparkline(model.cpu.get(id) ?? [], 14) },
    { from: 28, width: 5, isRight: true, cell: ({ cpuPercent }) => formatPercent(cpuPercent) },
    { from: 36, width: 8, isRight: true, cell: ({ memoryBytes }) => formatBytes(memoryBytes) },
    { from: 46, width: 5, isRight: true, cell: ({ restarts }) => `↺${restarts}` },
    { from: 56, width: 4, isRight: true, cell: (each, { now }) => ageOf(each, now) },
    ...(hasNamespaces
      ? [{ from: 72, width: 12, cell: (each: ProcessView) => each.namespace }]
      : []),
  ];
  const status: Column = {
    width: width < 28 ? 4 : 9,
    cell: (each) => statusWord(each.status),
    color: (each) => statusColors[each.status],
  };
  const id: Column = { width: 3, isRight: true, cell: (each) => String(each.id) };
  const rest = [status, ...optional.filter(({ from }) => width >= from)];
  const used = rest.reduce((sum, each) => sum + each.width + 1, id.width + 2);
  return [id, name(Math.max(4, width - used)), ...rest];
}

function listRow(
  process: ProcessView,
  context: { model: Model; columns: readonly Column[]; width: number; now: number },
): Row {
  const { model, columns } = context;
  const isSelected = process.id === model.selected;
  const pieces = columns.map(({ width, isRight, cell, color }, index): Piece => {
    const text = cut(plain(cell(process, context)), width);
    const space = " ".repeat(width - textWidth(text));
    const padded = isRight === true ? space + text : text + space;
    const own = color?.(process);
    return {
      text: `${index === 0 ? "" : " "}${padded}`,
      ...(own === undefined ? {} : { color: own }),
      isInverse: isSelected,
    };
  });
  // Without colours and inversion it is seen too.
  return [{ text: isSelected ? ">" : " ", isInverse: isSelected }, ...pieces];
}

function ageOf({ status, startedAt }: ProcessView, now: number): string {
  const runs = ["online", "starting", "stopping"].includes(status);
  return runs && startedAt !== null ? formatAge(now - startedAt) : "";
}

const bars = "▁▂▃▄▅▆▇█";

function sparkline(samples: readonly number[], width: number): string {
  const most = Math.max(100, ...samples);
  return samples
    .slice(-width)
    .map((each) => bars[Math.min(bars.length - 1, Math.floor((each / most) * bars.length))])
    .join("")
    .padStart(width);
}

/** The last lines that there is room for, or those so far back. */
function logRows(model: Model, { width, count }: { width: number; count: number }): Row[] {
  const end = Math.max(0, model.logs.length - model.back);
  const rows: Row[] = [];
  for (let index = end - 1; index >= 0 && rows.length < count; index -= 1) {
    const { stream, line } = model.logs[index] ?? { stream: "out" as const, line: "" };
    const text = uncoloured(line);
    const parts = model.wraps ? wrap(text, width) : [cut(text, width)];
    const color = stream === "err" ? ("red" as const) : undefined;
    for (const part of parts.toReversed())
      if (rows.length < count) rows.unshift([{ text: part, color }]);
  }
  return rows;
}

/** A program's own colours are left out: the screen has its own. */
function uncoloured(line: string): string {
  // oxlint-disable-next-line no-control-regex -- the sequences that set colours
  const text = line.replaceAll(/\u001B\[[\d;]*m/g, "").replaceAll("\t", "    ");
  return plain(plainOutput(text).replaceAll("\n", " "));
}

/** At most so wide; the last character says that there was more. */
function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  return `${take(text, Math.max(0, width - 1))}…`.slice(
    0,
    Math.max(0, width) === 0 ? 0 : undefined,
  );
}

function take(text: string, width: number): string {
  let used = 0;
  let taken = "";
  for (const character of text) {
    used += textWidth(character);
    if (used > width) break;
    taken += character;
  }
  return taken;
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}

/** No line has more rows than a large screen. */
const mostParts = 100;

function wrap(text: string, width: number): string[] {
  const parts: string[] = [];
  let rest = text;
  do {
    const part = take(rest, Math.max(2, width));
    parts.push(part);
    rest = rest.slice(part.length);
  } while (rest !== "" && parts.length < mostParts);
  return parts;
}
