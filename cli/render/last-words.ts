import { plainLogLine } from "../../runtime/contract/plain.ts";
import { paint } from "./colors.ts";

/** What a program said, set off from what is said about it. */
export function quoted(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${paint("grey", "|")} ${plainLogLine(line)}`);
}
