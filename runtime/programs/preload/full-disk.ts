import type { Link } from "./link.ts";

/** A disk that stays full is reported again after this; ms. */
const saysEveryMs = 60_000;

/**
 * Keeps an app up whose log file cannot be written. It writes to the file by itself, and Node makes an `error` event of
 * what the kernel says, which ends a program that does not listen; no app should end for its log. Nothing is done
 * before the app uses the stream, nor for one that is not a file. Every write is tried, so logging continues by itself.
 */
export function surviveFullDisk(link: Link): void {
  for (const name of ["stdout", "stderr"] as const) {
    const own = Object.getOwnPropertyDescriptor(process, name);
    if (own?.get === undefined || own.configurable !== true) continue;
    Object.defineProperty(process, name, {
      ...own,
      get: () => {
        Object.defineProperty(process, name, own);
        const stream = process[name];
        // Node's word for a stream that writes to a file.
        if (Reflect.get(stream, "_type") === "fs") forgive(stream, name, link);
        return stream;
      },
    });
  }
}

function forgive(stream: NodeJS.WriteStream, name: "stdout" | "stderr", link: Link): void {
  let saidAt = Number.NEGATIVE_INFINITY;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // A fault of the app's own, which it hears of as without us.
    if (error.syscall !== "write") {
      if (stream.listenerCount("error") === 1) throw error;
      return;
    }
    if (performance.now() - saidAt < saysEveryMs) return;
    saidAt = performance.now();
    link.send({ type: "unwritable", stream: name, why: error.message });
  });
}
