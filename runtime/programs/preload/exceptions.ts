import { writeFileSync } from "node:fs";
import type { PreloadOptions, UncaughtException, Up } from "../../contract/app-link/protocol.ts";
import type { Link } from "./link.ts";
import { holderOf } from "./port-holder.ts";

/**
 * Tells God of exceptions that nothing catches, and of rejections that Node makes such exceptions of. The event is
 * Node's for monitors: what follows, the message on stderr and the exit code, is as without it. A line that is open
 * takes the message before the process ends; without one it is left in a file that God looks for at the end of the life.
 */
export function tellExceptions(link: Link, { exits, life }: PreloadOptions): void {
  process.on("uncaughtExceptionMonitor", (thrown: unknown) => {
    try {
      namePortHolder(thrown);
      const error = describe(thrown);
      const message: Up = { type: "exception", error };
      if (link.tellNow(message)) return;
      writeFileSync(`${exits}/${life}.error`, JSON.stringify(error), { mode: 0o600 });
    } catch {
      // A getter of the error's that throws, a home that is gone: the app's end must not be another for it.
    }
  });
}

/** Node says which port is in use, and not whose: another app of this home is named where the app's errors are. */
function namePortHolder(thrown: unknown): void {
  const { code, port } = (thrown ?? {}) as { code?: unknown; port?: unknown };
  if (code !== "EADDRINUSE" || typeof port !== "number") return;
  const name = holderOf(port);
  if (name !== undefined) {
    console.error(`xm: port ${port} belongs to the app "${name}"; two apps do not share a port`);
  }
}

/** Longer texts are cut. */
const longest = 16 * 1024;

function describe(thrown: unknown): UncaughtException {
  const isObject = typeof thrown === "object" && thrown !== null;
  const error: object = isObject ? thrown : { message: plain(thrown) };
  const text = (name: string): string => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === "string" ? value.slice(0, longest) : "";
  };
  return {
    at: Date.now(),
    message: text("message"),
    stack: text("stack"),
    error: text("name") || typeof thrown,
  };
}

function plain(thrown: unknown): string {
  return typeof thrown === "string" ? thrown : (JSON.stringify(thrown) ?? typeof thrown);
}
