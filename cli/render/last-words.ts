import { plainLogLine } from "../../runtime/contract/plain.ts";
import { paint } from "./colors.ts";

/** A program's output, set off from our own text. */
export function quoted(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${paint("grey", "|")} ${plainLogLine(line)}`);
}
