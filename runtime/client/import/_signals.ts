import { constants } from "node:os";

/** The name of a signal that a file gives by name, with or without SIG, or by number. */
export function signalName(given: unknown): string | undefined {
  if (typeof given !== "string" && typeof given !== "number") return undefined;
  const word = String(given).toUpperCase();
  const names = Object.entries(constants.signals);
  const found = names.find(
    ([name, number]) => name === word || name === `SIG${word}` || String(number) === word,
  );
  return found?.[0];
}
