/*
 * Text that is not ours (names, versions, metrics, reasons, paths, errors) and reaches a terminal: its author must not
 * move the cursor, set the title or the clipboard, forge a line, or show text in another order than it has. What could becomes a visible
 * escape, `\u001b`, which is also what JSON reads as the same character.
 */

/**
 * C0, DEL, C1; soft hyphen, zero-width and bidirectional controls, line and paragraph separators, invisible
 * operators, interlinear marks, tags (Unicode Standard, Cc and Cf).
 */
const controls =
  "\\u0000-\\u001F\\u007F-\\u009F\\u00AD\\u061C\\u180E\\u200B-\\u200F\\u2028-\\u202E\\u2060-\\u206F\\uFEFF\\uFFF9-\\uFFFB\\u{E0000}-\\u{E007F}";

const anyControl = new RegExp(`[${controls}]`, "gu");
const anyControlButNewline = new RegExp(`\\n|[${controls}]`, "gu");

/** A colour of a terminal: SGR (ECMA-48, 8.3.117). Of others no sequence is harmless. */
const color = "\\u001B\\[[\\d;:]*m";
const anyControlButColor = new RegExp(`${color}|\\t|[${controls}]`, "gu");
const anyControlButOurs = new RegExp(`${color}|[\\t\\n]|[${controls}]`, "gu");

/** A text within one line. */
export function plain(text: string): string {
  return text.replace(anyControl, escaped);
}

/** Whether a text is safe in a terminal line without changes. */
export function isPlain(text: string): boolean {
  return plain(text) === text;
}

/** A text of several lines. */
export function plainLines(text: string): string {
  return text.replace(anyControlButNewline, (found) => (found === "\n" ? found : escaped(found)));
}

/** A line of a log: its colours stay, and end with it. */
export function plainLogLine(line: string): string {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  const shown = text.replace(anyControlButColor, keepingColors);
  return shown.includes("\u001B") ? `${shown}\u001B[0m` : shown;
}

/** All that a command prints: colours, tabs and newlines stay. */
export function plainOutput(text: string): string {
  return text.replace(anyControlButOurs, (found) =>
    found === "\n" ? found : keepingColors(found),
  );
}

function keepingColors(found: string): string {
  return found === "\t" || found.length > 2 ? found : escaped(found);
}

function escaped(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
    .join("");
}
