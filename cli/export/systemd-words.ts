/* systemd.syntax(7) and systemd.exec(5): specifiers begin with `%`, commands have variables, quotes have C's escapes. */

/** A path or another value that is not split into words. */
export function unitValue(text: string): string {
  return text.replaceAll("%", "%%");
}

/** One word of a list, such as `Environment=`. */
export function unitWord(text: string): string {
  return /^[\w./:@=,+-]+$/.test(text) ? text : `"${escaped(unitValue(text))}"`;
}

/** A command; `$` begins a variable in all words but the first. */
export function unitCommand([program = "", ...args]: readonly string[]): string {
  // A variable is not replaced in the path of the program, and a doubled `$` stays one.
  const words = program.includes("$")
    ? ["/bin/sh", "-c", 'exec "$0" "$@"', program, ...args]
    : [program, ...args];
  const [first = "", ...rest] = words;
  return [unitWord(first), ...rest.map((word) => unitWord(word).replaceAll("$", "$$$$"))].join(" ");
}

/** A line of an `EnvironmentFile=`: specifiers and variables mean nothing in it. */
export function environmentLine(name: string, value: string): string {
  return `${name}="${value.replaceAll(/[\\"`$]/g, "\\$&")}"\n`;
}

/** `1600ms`, `10s`. */
export function unitTime(ms: number): string {
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}

function escaped(text: string): string {
  return text
    .replaceAll(/["\\]/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
}
