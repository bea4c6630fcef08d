import { isUtf8 } from "node:buffer";
import { formatTime } from "../logs/format-time.ts";
import type { PipeOrder } from "./orders.ts";

/** Makes what is written of whole lines, each with its newline, that were read at a time (ms since the epoch). */
export type FormatLines = (lines: Buffer, at: number) => Buffer;

/** The form that an order wants; the same lines at the same time always become the same bytes. */
export function lineFormat(
  order: Pick<PipeOrder, "type" | "dateFormat" | "stream" | "id" | "name">,
): FormatLines {
  const { type, dateFormat } = order;
  if (type === "json") return jsonFormat(order);
  return dateFormat === null ? (lines) => lines : prefixFormat(dateFormat);
}

/** Latin-1 there and back keeps every byte as it is, be it UTF-8 or not. */
function prefixFormat(dateFormat: string): FormatLines {
  const timeOf = latestTime(dateFormat);
  return (lines, at) => {
    const prefix = inLatin1(`${timeOf(at)}: `);
    const text = lines.toString("latin1", 0, lines.length - 1);
    // A `$` of the format is no pattern; a function would be called for each line.
    const between = `\n${prefix.replaceAll("$", () => "$$")}`;
    return Buffer.from(`${prefix}${text.replaceAll("\n", between)}\n`, "latin1");
  };
}

/** PM2's record, one for each line. */
function jsonFormat({
  dateFormat,
  stream,
  id,
  name,
}: Parameters<typeof lineFormat>[0]): FormatLines {
  const timeOf = dateFormat === null ? undefined : latestTime(dateFormat);
  const process = `"type":"${stream}","process_id":${id},"app_name":${JSON.stringify(name)}}\n`;
  return (lines, at) => {
    const time = timeOf?.(at) ?? new Date(at).toISOString();
    const end = `,"timestamp":${JSON.stringify(time)},${process}`;
    const between = `"${end}{"message":"`;
    const bytes = lines.toString("latin1", 0, lines.length - 1);
    if (isUtf8(lines) && !needsEscape.test(bytes)) {
      const records = bytes.replaceAll(
        "\n",
        inLatin1(between).replaceAll("$", () => "$$"),
      );
      return Buffer.from(`{"message":"${records}"${inLatin1(end)}`, "latin1");
    }
    const all = lines
      .toString("utf8", 0, lines.length - 1)
      .split("\n")
      .map((line) => JSON.stringify(line).slice(1, -1));
    return Buffer.from(`{"message":"${all.join(between)}"${end}`, "utf8");
  };
}

/** What stands in a JSON string as it is needs no more than what comes between two lines. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const needsEscape = /["\\\u0000-\u0009\u000b-\u001f]/;

/** UTF-8 as Latin-1 has it: a character for each byte. */
function inLatin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** Many lines have one time. */
function latestTime(format: string): (at: number) => string {
  let latest = Number.NaN;
  let text = "";
  return (at) => {
    if (at !== latest) text = formatTime(at, format);
    latest = at;
    return text;
  };
}
