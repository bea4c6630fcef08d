/**
 * How a value that JSON has no form for crosses from the thread of a configuration: a text that holds a zero byte,
 * which no text of a user's may.
 */
export const oddMark = "\0xm:";

/** What a value is that no field takes: `function`, `symbol`, `bigint`; `undefined` for any other value. */
export function oddKind(value: unknown): string | undefined {
  if (["function", "symbol", "bigint"].includes(typeof value)) return typeof value;
  if (typeof value !== "string" || !value.startsWith(oddMark)) return undefined;
  return value.slice(oddMark.length);
}
