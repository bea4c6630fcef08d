import { parseArgsStringToArgv } from "string-argv";

/** Stands for a space that a backslash keeps within its word. */
const keptSpace = "\uE000";

/** Words as a shell splits them: quotes, and a backslash before a space, keep a word together. */
export function splitWords(line: string): string[] {
  return parseArgsStringToArgv(line.replaceAll(/\\[ \t]/g, keptSpace)).map((word) =>
    word.replaceAll(keptSpace, " "),
  );
}
