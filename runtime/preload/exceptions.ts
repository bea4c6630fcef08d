import { writeFileSync } from "node:fs";
import type { PreloadOptions, UncaughtException, Up } from "../links/protocol.ts";
import type { Link } from "./link.ts";

/**
 * Tells God of exceptions that nothing catches, and of rejections that Node makes such exceptions of. The event is
 * Node's for monitors: what follows, the message on stderr and the exit code, is as without it. A line that is open
 * takes the message before the process ends; without one it is left in a file that God looks for at the end of the life.
 */
export function tellExceptions(link: Link, { exits, life }: PreloadOptions): void {
  process.on("uncaughtExceptionMonitor", (thrown: unknown) => {
    try {
      const error = describe(thrown);
      const message: Up = { type: "exception", error };
      if (link.tellNow(message)) return;
      writeFileSync(`${exits}/${life}.error`, JSON.stringify(error), { mode: 0o600 });
    } catch {
      // A getter of the error's that throws, a home that is gone: the app's end must not be another for it.
    }
  });
}

/** Longer texts are cut. */
const longest = 16 * 1024;

function describe(thrown: unknown): UncaughtException {
  const { message, stack, name } = (
    typeof thrown === "object" && thrown !== null ? thrown : { message: String(thrown) }
  ) as Partial<Error>;
  return {
    at: Date.now(),
    message: String(message ?? "").slice(0, longest),
    stack: String(stack ?? "").slice(0, longest),
    error: String(name ?? typeof thrown),
  };
}
