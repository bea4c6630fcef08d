/** A line of text from its baseline's start, or its middle. */
export function text(
  x: number,
  y: number,
  words: string,
  style: { size: number; fill: string; weight?: number; anchor?: string },
): string {
  const weight = style.weight === undefined ? "" : ` font-weight="${style.weight}"`;
  const anchor = style.anchor === undefined ? "" : ` text-anchor="${style.anchor}"`;
  return `<text x="${n(x)}" y="${n(y)}" font-size="${style.size}" fill="${style.fill}"${weight}${anchor}>${escape(words)}</text>`;
}

/** Of words within an element or an attribute. */
export function escape(words: string): string {
  return words
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** A number with at most one digit after the point. */
export function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}
