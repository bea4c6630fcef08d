type Listener = (...args: unknown[]) => void;

/** At most this many wait for an app that does not listen. */
const mostHeld = 1_000;

/**
 * Keeps messages that arrive on a worker's channel before the app listens, and gives them to its first listener. Node itself
 * keeps them for any other process; in a worker `node:cluster` listens from the beginning, and early messages are lost.
 */
export function holdEarlyMessages(): void {
  const cluster = new Set(process.rawListeners("message"));
  if (cluster.size === 0) return;
  const held: unknown[][] = [];
  const hold: Listener = (...message) => {
    if (held.length < mostHeld) held.push(message);
  };
  process.on("message", hold);
  const give = (name: string | symbol): void => {
    if (name !== "message") return;
    process.removeListener("newListener", give);
    // What comes from now on is the listener's: it is there before anything else can be.
    process.removeListener("message", hold);
    process.nextTick(() => {
      for (const message of held.splice(0)) {
        for (const listener of process.rawListeners("message")) {
          if (!cluster.has(listener)) Reflect.apply(listener, process, message);
        }
      }
    });
  };
  process.on("newListener", give);
}
