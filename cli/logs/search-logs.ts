import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Client, ProcessView } from "../../runtime/client/connection/types.ts";
import {
  createFilter,
  type Found,
  type LogFilter,
} from "../../runtime/contract/log-lines/filter.ts";
import { levelWord, parseLine } from "../../runtime/contract/log-lines/parse-line.ts";
import { logsOf, search, type FoundLine } from "../../runtime/client/log-search/search.ts";
import { plain, plainLogLine } from "../../runtime/contract/plain.ts";
import { paint, type Color } from "../render/colors.ts";
import { logRenderer, type LogStyle } from "../render/log-line.ts";
import { logQuery } from "./log-query.ts";

export interface SearchCall {
  readonly client: Client;
  readonly list: readonly ProcessView[];
  readonly targets: readonly string[];
  readonly filter: LogFilter;
  readonly streams: readonly ("out" | "err")[];
  /** At most this many of the last ones found; `null` for all. */
  readonly most: number | null;
  readonly follows: boolean;
  readonly style: LogStyle;
  readonly exportFile: string | undefined;
  readonly abort: AbortController;
  readonly output: { write(text: string): boolean; drained(signal: AbortSignal): Promise<void> };
}

/** Shows search results in order of time, then new lines. */
export async function searchLogs(call: SearchCall): Promise<void> {
  const { client, list, targets, filter, streams, most, follows, abort } = call;
  const { request, isShown } = await logQuery(list, targets);
  const wanted = new Set(request.ids);
  const details = (await client.details()).filter(({ id }) => wanted.has(id));
  const from: Record<string, { inode: number; bytes: number }> = {};
  const logs = logsOf(details, streams, filter);
  const found = search({
    logs,
    filter,
    most,
    follows,
    onPosition: (file, position) => (from[file] = position),
  });
  if (call.exportFile !== undefined) return writeOut(call.exportFile, found, call.style);
  const show = await rendererOf(call);
  const print = async (line: FoundLine): Promise<void> => {
    if (!call.output.write(`${show(line)}\n`)) await call.output.drained(abort.signal);
  };
  for await (const line of found) {
    if (abort.signal.aborted) return;
    await print(line);
  }
  if (!follows) return;
  const judges = new Map<string, (line: string) => Found | "over" | undefined>();
  const query = { ...request, lines: 0, follow: true, streams: [...streams], from };
  for await (const { id, name, stream, line, at, file } of client.followLogs(query, abort.signal)) {
    if (!isShown({ id, name } as never)) continue;
    const judge = judges.get(file) ?? createFilter(filter, stream);
    judges.set(file, judge);
    const judged = judge(line);
    if (judged === undefined || judged === "over") continue;
    await print({ ...judged, at: judged.at ?? at, id, name, stream, file });
  }
}

async function rendererOf({ style, list }: SearchCall): Promise<(line: FoundLine) => string> {
  if (style.json) return asRecord;
  const usual = await logRenderer(style, list);
  const isForPeople = process.stdout.isTTY && !style.raw && !style.format;
  return (each) => {
    const line = isForPeople ? plainLogLine(pretty(each)) : each.line;
    return usual({ ...each, line, position: null });
  };
}

/** PM2's record of a line, with the line's own time, level and fields. */
function asRecord({ line, at, id, name, stream, parsed }: FoundLine): string {
  const { level, fields } = parsed ?? parseLine(line);
  return JSON.stringify({
    message: line,
    timestamp: at === null ? null : new Date(at).toISOString(),
    type: stream,
    process_id: id,
    app_name: name,
    ...(level === null ? {} : { level: levelWord(level) }),
    ...(fields === null ? {} : { fields }),
  });
}

const levelColors: Readonly<Record<string, Color>> = {
  fatal: "red",
  error: "red",
  warn: "yellow",
  info: "green",
  debug: "cyan",
  trace: "grey",
};

/** What is shown in front of the others, or is the same in every line. */
const shownApart = new Set(
  "level severity lvl time timestamp ts @timestamp msg message pid hostname v process_id app_name type".split(
    " ",
  ),
);

/** A record as a person reads it: time, level, message, and the rest as pairs. */
function pretty({ line, at, parsed }: FoundLine): string {
  const { level, message, fields } = parsed ?? parseLine(line);
  if (fields === null) return line;
  const word = level === null ? undefined : levelWord(level);
  const rest = Object.entries(fields)
    .filter(([name]) => !shownApart.has(name))
    .map(([name, value]) => paint("dim", `${name}=${textOf(value)}`));
  return [
    ...(at === null ? [] : [paint("dim", clock(at))]),
    ...(word === undefined
      ? []
      : [paint(levelColors[word] ?? "cyan", word.toUpperCase().padEnd(5))]),
    message,
    ...rest,
  ].join(" ");
}

function textOf(value: unknown): string {
  return plain(typeof value === "string" ? value : JSON.stringify(value));
}

/** Local, with ms. */
function clock(at: number): string {
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return Number.isNaN(date.getTime()) ? "-" : date.toISOString().slice(11, 23);
}

/** Lines as they are, or records with `--json`; compressed when the file's name ends in `.gz`. */
async function writeOut(
  file: string,
  lines: AsyncIterable<FoundLine>,
  style: LogStyle,
): Promise<void> {
  const target = createWriteStream(file, { mode: 0o600 });
  const output = file.endsWith(".gz") ? createGzip() : target;
  if (output !== target) output.pipe(target);
  const isDone = finished(target);
  isDone.catch(() => {});
  let count = 0;
  for await (const line of lines) {
    count += 1;
    if (!output.write(`${style.json ? asRecord(line) : line.line}\n`) && !target.errored)
      await new Promise<void>((resolve) => {
        output.once("drain", resolve);
        target.once("error", () => resolve());
      });
    if (target.errored) break;
  }
  output.end();
  await isDone;
  process.stderr.write(`${count} line(s) in ${file}\n`);
}
