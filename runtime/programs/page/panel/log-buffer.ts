import { createFilter, type LogFilter } from "../../../contract/log-lines/filter.ts";

export interface Line {
  readonly number: number;
  readonly stream: "out" | "err";
  readonly text: string;
  readonly at: number | null;
}

/** What is looked for, as it is typed and chosen. */
export interface Wanted {
  /** A text, or `/expression/flags`. */
  readonly text: string;
  /** This level and above; "" for all. */
  readonly level: string;
  /** Not older than this, in ms; 0 for any time. */
  readonly withinMs: number;
}

export const nothingWanted: Wanted = { text: "", level: "", withinMs: 0 };

export function isWanted({ text, level, withinMs }: Wanted): boolean {
  return text !== "" || level !== "" || withinMs > 0;
}

/** Of a text, case does not count. @throws SyntaxError for an expression that is none */
export function patternOf(text: string): RegExp | null {
  if (text === "") return null;
  const [, inner, flags = ""] = /^\/(.+)\/([imsu]*)$/s.exec(text) ?? [];
  if (inner !== undefined) return new RegExp(inner, flags);
  return new RegExp(text.replaceAll(/[$()*+.?[\\\]^{|}/-]/g, String.raw`\$&`), "iu");
}

const levelNumbers: Readonly<Record<string, number>> = { debug: 20, info: 30, warn: 40, error: 50 };

function filterOf({ text, level, withinMs }: Wanted, now: number): LogFilter {
  const pattern = patternOf(text);
  return {
    since: withinMs > 0 ? now - withinMs : null,
    until: null,
    grep: pattern === null ? null : { source: pattern.source, flags: pattern.flags },
    level: levelNumbers[level] ?? null,
    fields: [],
  };
}

/** Lines that are searched, and lines that are drawn: a program that writes all day shall not fill the browser. */
export const mostSearched = 10_000;
export const mostShown = 1_000;

/** Lines as they come, and those of them that are wanted. */
export class LogBuffer {
  /** The last ones that are wanted, oldest first. */
  shown: readonly Line[] = [];
  /** How many of those that are kept are wanted. */
  found = 0;
  #lines: Line[] = [];
  #judges: Readonly<Record<Line["stream"], ReturnType<typeof createFilter>>> | null = null;

  get count(): number {
    return this.#lines.length;
  }

  /** @throws SyntaxError for an expression that is none; then nothing changes */
  want(wanted: Wanted, now: number): void {
    const filter = isWanted(wanted) ? filterOf(wanted, now) : null;
    this.#judges =
      filter === null
        ? null
        : { out: createFilter(filter, "out"), err: createFilter(filter, "err") };
    this.shown = [];
    this.found = 0;
    this.#take(this.#lines);
  }

  add(lines: readonly Line[]): void {
    this.#lines = [...this.#lines, ...lines].slice(-mostSearched);
    this.#take(lines);
  }

  clear(): void {
    this.#lines = [];
    this.shown = [];
    this.found = 0;
  }

  #take(lines: readonly Line[]): void {
    const judges = this.#judges;
    const wanted =
      judges === null
        ? lines
        : lines.filter(({ stream, text }) => judges[stream](text) !== undefined);
    this.found = Math.min(this.#lines.length, this.found + wanted.length);
    this.shown = [...this.shown, ...wanted].slice(-mostShown);
  }
}

/** A text and its matches, by turns, beginning with text. */
export function partsOf(text: string, pattern: RegExp | null): string[] {
  if (pattern === null) return [text];
  const all = new RegExp(pattern.source, `${pattern.flags.replace("g", "")}g`);
  const parts: string[] = [];
  let done = 0;
  for (const { index, 0: match } of text.matchAll(all)) {
    if (match === "") continue;
    parts.push(text.slice(done, index), match);
    done = index + match.length;
    if (parts.length > 200) break;
  }
  return [...parts, text.slice(done)];
}
