import { isUtf8 } from "node:buffer";

/** Two lines that came one after the other have this between them while they are escaped: no byte of UTF-8. */
const border = "\xff";

const quote = 0x22;
const backslash = 0x5c;

/** The newline is not among them: it is where a record ends. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const control = /[\u0000-\u0009\u000b-\u001f]/;

/**
 * Whole lines as the insides of JSON strings with something between them, just as JSON.stringify writes each. A block
 * is dealt with at once, with a character for each byte (Latin-1), since a call per line costs more than the
 * lines do; a line that needs no escaping, as most do, is not examined character by character.
 * @param lines the last newline is left out. Bytes that are not UTF-8 become U+FFFD.
 * @param between in Latin-1, as the result is.
 */
export function jsonStrings(lines: Buffer, between: string): string {
  const valid = isUtf8(lines) ? lines : Buffer.from(lines.toString("utf8"), "utf8");
  const text = valid.toString("latin1", 0, valid.length - 1);
  // memchr(3) for two of them, so that the pattern has one range.
  if (!valid.includes(quote) && !valid.includes(backslash) && !control.test(text)) {
    return text.replaceAll("\n", () => between);
  }
  const escaped = JSON.stringify(text.replaceAll("\n", border));
  return escaped.slice(1, -1).replaceAll(border, () => between);
}
