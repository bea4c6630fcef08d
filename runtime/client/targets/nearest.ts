import { closest, distance } from "fastest-levenshtein";

/** The known word that a mistyped one was meant to be; `undefined` when none is near enough. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const near = closest(word, [...new Set(known)]);
  const mostSlips = Math.max(2, Math.floor(Math.max(word.length, near.length) / 3));
  const slips = distance(word, near);
  return slips <= mostSlips && slips < near.length ? near : undefined;
}
