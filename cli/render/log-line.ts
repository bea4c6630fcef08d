import { writeRaw } from "./terminal.ts";
import { plain, plainLogLine } from "../../runtime/contract/plain.ts";
import type { LogLine, ProcessView } from "../../runtime/client/connection/types.ts";
import { hasColor, paint, type Color } from "./colors.ts";

export interface LogStyle {
  readonly json: boolean;
  readonly format: boolean;
  readonly raw: boolean;
  /** Tokens of dayjs; `undefined` for no time. */
  readonly timestamp: string | undefined;
  readonly highlight: string | undefined;
}

/** PM2's default of `--timestamp`, and what `--format` shows. */
export const defaultTimestamp = "YYYY-MM-DD-HH:mm:ss";

/** How lines are shown. The date library is loaded only when it is needed. */
export async function logRenderer(
  style: LogStyle,
  list: readonly ProcessView[],
): Promise<(line: LogLine) => string> {
  const { timestamp } = style;
  if (style.json) return asJson;
  const needsTime = style.format || timestamp !== undefined;
  const formatTime = needsTime
    ? (await import("../../runtime/host/log-files/format-time.ts")).formatTime
    : undefined;
  // When a line of before was written is not known; the time of this call would be a false one.
  const timeOf = (at: number | null, format: string): string =>
    at === null ? "-" : (formatTime?.(at, format) ?? "");
  if (style.format) {
    return ({ id, name, stream, line, at }) =>
      `timestamp=${timeOf(at, `${defaultTimestamp}ZZ`)} app=${plain(name)} id=${id} type=${stream === "err" ? "error" : "out"} message=${line}`;
  }
  const mark = highlighter(style.highlight);
  if (style.raw) return ({ line }) => mark(line);
  const width = Math.max(0, ...list.map((each) => labelOf(each).length));
  return (each) => {
    const { id, stream, line, at } = each;
    const isTimed = timestamp !== undefined && at !== null;
    const time = isTimed ? paint("dim", `${timeOf(at, timestamp)} `) : "";
    const color =
      stream === "err" ? "red" : id < 0 ? "blue" : (colors[id % colors.length] ?? "cyan");
    return `${time}${paint(color, `${labelOf(each).padEnd(width)} |`)} ${mark(line)}`;
  };
}

/** Names each file before the first of its last lines, for people: where it is, and that older lines are in it. */
export function fileHeadings(count: number): (line: LogLine) => string {
  let latest = "";
  return ({ file, position }) => {
    if (position !== null || file === latest) return "";
    latest = file;
    return `${paint("dim", `${plain(file)}, last ${count} lines:`)}\n`;
  };
}

const colors: readonly Color[] = ["cyan", "green", "magenta", "blue", "yellow"];

function labelOf({ id, name }: { readonly id: number; readonly name: string }): string {
  return id < 0 ? plain(name) : `${id}|${plain(name)}`;
}

function highlighter(value: string | undefined): (line: string) => string {
  if (value === undefined || value === "" || !hasColor()) return (line) => line;
  return (line) => line.replaceAll(value, () => `\u001B[7m${value}\u001B[27m`);
}

/** Shows a program's line as in a log: a terminal gets its colours but no other control sequences. */
export function showLine(stream: NodeJS.WriteStream, line: string): boolean {
  return stream.isTTY ? stream.write(`${plainLogLine(line)}\n`) : writeRaw(stream, `${line}\n`);
}

/** PM2's record of a line; of one whose time is not known, `null` stands for it. */
function asJson({ id, name, stream, line, at }: LogLine): string {
  const timestamp = at === null ? null : new Date(at).toISOString();
  return JSON.stringify({ message: line, timestamp, type: stream, process_id: id, app_name: name });
}
