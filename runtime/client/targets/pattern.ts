import { existsSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { messageOf, xmError } from "../../contract/errors.ts";

/** How long a pattern may take over all names it is held against at once; ms. */
const limitMs = 1_000;

/** What tells which of some names match. */
export type Matcher = (names: readonly string[]) => boolean[];

/**
 * The matcher of a target such as `/api-.+/i`; `undefined` for what is not a pattern.
 *
 * A pattern can run forever before it finds that a name does not match (`/(a+)+$/`), so V8 ends it at a time limit.
 * @throws `ERR_USAGE` for one that is not well-formed; the matcher for one that takes too long.
 */
export function matcherOf(target: string): Matcher | undefined {
  const [, source, flags = ""] = /^\/(.+)\/([a-z]*)$/s.exec(target) ?? [];
  if (source === undefined) return undefined;
  try {
    // Without its memory of the last match: each name is tested afresh.
    const pattern = new RegExp(source, flags.replaceAll(/[gy]/g, ""));
    return (names) => testAll(target, pattern, names);
  } catch (error) {
    // A path between slashes may look like a pattern and be none: it may still be the path of a script.
    if (existsSync(`/${source}`)) return undefined;
    throw xmError("ERR_USAGE", {
      what: `${target} is not a regular expression: ${messageOf(error)}`,
      fix: "fix it, and quote it for the shell",
    });
  }
}

function testAll(target: string, pattern: RegExp, names: readonly string[]): boolean[] {
  try {
    const context = { names, pattern };
    const matched = runInNewContext("names.map((name) => pattern.test(name))", context, {
      timeout: limitMs,
    }) as boolean[];
    return [...matched];
  } catch (error) {
    // An error of that context, which is no `Error` of this one.
    const { code } = error as { code?: unknown };
    if (code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    throw xmError("ERR_USAGE", {
      what: `${target} takes more than ${limitMs} ms to match: it backtracks too much`,
      fix: "avoid a repetition within a repetition, such as (a+)+",
    });
  }
}
