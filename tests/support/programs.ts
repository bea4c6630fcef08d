import { join } from "node:path";

/** The path of a tiny program named for its behaviour. */
export function program(name: string): string {
  return join(import.meta.dirname, "../fixtures/programs", name);
}
