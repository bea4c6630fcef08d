import { formatTime } from "../../host/log-files/format-time.ts";
import type { PipeOrder } from "../../contract/log-lane.ts";
import { inPieces } from "./pieces.ts";
import { jsonStrings } from "./records.ts";

/**
 * Makes what is written of whole lines, each with its newline, that were read at a time (ms since the epoch). What
 * it gives is good until the next call: the memory is used again.
 */
export type FormatLines = (lines: Buffer, at: number) => Buffer;

/** The form that an order wants; the same lines at the same time always become the same bytes. */
export function lineFormat(
  order: Pick<PipeOrder, "type" | "dateFormat" | "stream" | "id" | "name">,
): FormatLines {
  const { type, dateFormat } = order;
  if (type === "json") return jsonFormat(order);
  if (type === "plain" && dateFormat === null) return (lines) => lines;
  return prefixFormat(prefixOf(order));
}

/** What `xm logs --format` shows (PM2's words). */
const pairsTime = "YYYY-MM-DD-HH:mm:ssZZ";

/** The prefix of each line. */
function prefixOf(order: Parameters<typeof lineFormat>[0]): (at: number) => string {
  const { type, dateFormat, id, name, stream } = order;
  const time = (at: number): string =>
    dateFormat === null ? "" : `${formatTime(at, dateFormat)}: `;
  if (type === "labelled") return (at) => `${time(at)}${id}|${name} | `;
  if (type !== "pairs") return time;
  const word = stream === "err" ? "error" : "out";
  const format = dateFormat ?? pairsTime;
  return (at) => `timestamp=${formatTime(at, format)} app=${name} id=${id} type=${word} message=`;
}

/** Latin-1 there and back keeps every byte as it is, whether it is UTF-8 or not. */
function prefixFormat(textOf: (at: number) => string): FormatLines {
  const inFront = latest((at) => inLatin1(textOf(at)));
  return (lines, at) => {
    const prefix = inFront(at);
    const between = `\n${prefix}`;
    return inPieces(lines, (piece) => {
      const text = piece.toString("latin1", 0, piece.length - 1);
      // As a text it would be searched for `$`.
      return `${prefix}${text.replaceAll("\n", () => between)}\n`;
    });
  };
}

/** PM2's record, one for each line. */
function jsonFormat({
  dateFormat,
  stream,
  id,
  name,
}: Parameters<typeof lineFormat>[0]): FormatLines {
  const timeOf = (at: number): string =>
    dateFormat === null ? new Date(at).toISOString() : formatTime(at, dateFormat);
  const process = `"type":"${stream}","process_id":${id},"app_name":${JSON.stringify(name)}}\n`;
  const endOf = latest((at) => inLatin1(`","timestamp":${JSON.stringify(timeOf(at))},${process}`));
  const begin = '{"message":"';
  return (lines, at) => {
    const end = endOf(at);
    const between = `${end}${begin}`;
    return inPieces(lines, (piece) => `${begin}${jsonStrings(piece, between)}${end}`);
  };
}

/** UTF-8 as Latin-1 has it: a character for each byte. */
function inLatin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** Many lines have one time. */
function latest(textOf: (at: number) => string): (at: number) => string {
  let known = Number.NaN;
  let text = "";
  return (at) => {
    if (at !== known) text = textOf(at);
    known = at;
    return text;
  };
}
