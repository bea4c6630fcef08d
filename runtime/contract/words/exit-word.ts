import type { ExitFact } from "../../../machines/facts.ts";

/** How a life ended, as a label: `code 1`, `SIGKILL`, `unknown code`. */
export function exitWord({ code, signal }: Pick<ExitFact, "code" | "signal">): string {
  if (signal !== null) return signal;
  return code === null ? "unknown code" : `code ${code}`;
}
