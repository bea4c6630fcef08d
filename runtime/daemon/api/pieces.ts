import type { ServerResponse } from "node:http";
import { drained } from "./exchange.ts";
import { createPacer } from "../records/turns.ts";

/** Characters that go out together. */
const writtenAtOnce = 64 * 1024;

/** Writes a long answer a piece at a time, as fast as it is read, and others have their turn between two. */
export async function writePieces(
  response: ServerResponse,
  pieces: Iterable<string>,
): Promise<void> {
  const pacer = createPacer();
  let waiting = "";
  for (const piece of pieces) {
    waiting += piece;
    if (waiting.length >= writtenAtOnce) {
      const isTaken = response.write(waiting);
      waiting = "";
      if (!isTaken) await drained(response);
    }
    if (pacer.isDue()) await pacer.pause();
    if (response.destroyed) return;
  }
  response.write(waiting);
}
