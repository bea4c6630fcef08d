import type { Readable } from "node:stream";

/** A line that is longer is given as several: a program may write one without an end. Characters. */
const longestLine = 64 * 1024;

/** Gives each line of what a program writes. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = `${rest}${text}`.split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
    if (rest.length <= longestLine) return;
    onLine(rest);
    rest = "";
  });
  stream.on("end", () => rest !== "" && onLine(rest));
}
