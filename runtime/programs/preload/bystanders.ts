import { realpathSync } from "node:fs";
import { sep } from "node:path";

/*
 * Libraries listen to signals too: to show the cursor again, to flush a log, to remove a temporary file. Such a listener
 * is not shutdown code, and an app that has no other is drained: then the signal is raised, and they hear it.
 * What is the app's own: what is registered outside of `node_modules`, by the package that is run itself (`serve`), or by
 * a package whose purpose it is to shut down a server.
 */
const shutsDown =
  /^(?:@[^/]+\/)?(?:.*(?:graceful|shutdown|terminator|terminus|lightship|stoppable|close-with-grace).*)$|^@nestjs\/|^@react-router\/|^@remix-run\/|^(?:next|nuxt|nitropack|serve|vite|sails|egg|moleculer|strapi|@strapi\/.*|@adonisjs\/.*|@loopback\/.*|@feathersjs\/.*)$/;

/** Frames of a stack that are searched for the caller that registered. */
const frames = 30;

type Listener = (...args: unknown[]) => unknown;

export interface Bystanders {
  /** Whether anything other than bystanders listens to a signal. */
  readonly hasOwnCode: (signal: string) => boolean;
  /**
   * Receives a signal before all other listeners, and does not count as the app's code. Only if there is another listener:
   * without one the signal ends the process, and must continue to do so.
   */
  readonly hear: (signal: string, listener: () => void) => void;
}

/** Remembers from now on who registers a listener for a signal. */
export function watchSignalListeners(): Bystanders {
  const bystanders = new WeakSet<Listener>();
  const ours = new WeakSet<Listener>();
  process.on("newListener", (name: string | symbol, listener: Listener) => {
    if (typeof name === "string" && /^SIG[A-Z0-9]+$/.test(name) && isBystander(packageOfCaller())) {
      bystanders.add(listener);
    }
  });
  return {
    hasOwnCode: (signal) => {
      const others = (process.listeners(signal as NodeJS.Signals) as Listener[]).filter(
        (listener) => !ours.has(listener),
      );
      const known = others.filter((listener) => bystanders.has(listener)).length;
      // A bundle holds its libraries: signal-exit tells how many of its listeners there are.
      return others.length - known > Math.max(0, signalExits() - known);
    },
    hear: (signal, listener) => {
      if (process.listenerCount(signal) === 0) return;
      ours.add(listener);
      process.prependListener(signal as NodeJS.Signals, listener);
    },
  };
}

function isBystander(name: string | undefined): boolean {
  return name !== undefined && !shutsDown.test(name) && name !== ownPackage();
}

/** The package that is run itself, also through a link of `node_modules/.bin`. */
function ownPackage(): string | undefined {
  try {
    return packageIn(realpathSync(process.argv[1] ?? ""));
  } catch {
    return undefined;
  }
}

/**
 * A library may stand in for `process.emit` (signal-exit, source-map-support): what registered comes before Node's own
 * registration in the stack, and a frame after that is only on the way to this file.
 * @returns the package in whose code it was registered; `undefined` for an app's own.
 */
function packageOfCaller(): string | undefined {
  // oxlint-disable-next-line typescript/unbound-method -- it is put back, and called by V8 alone
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = frames;
  Error.prepareStackTrace = (_, sites) => sites;
  try {
    const sites = new Error().stack as unknown as NodeJS.CallSite[];
    const registration = sites.findIndex((site) => site.getFunctionName() === "_addListener");
    const caller = sites
      .slice(registration + 1)
      .map((site) => site.getFileName() ?? "")
      .find((file) => file !== "" && file !== __filename && !file.startsWith("node:"));
    return packageIn(caller ?? "");
  } finally {
    if (prepareStackTrace === undefined)
      delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
    else Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The innermost package of a path: `@scope/name` or `name`. */
function packageIn(file: string): string | undefined {
  const path = file.split(sep).join("/");
  const at = path.lastIndexOf("/node_modules/");
  if (at < 0) return undefined;
  const [first = "", second = ""] = path.slice(at + "/node_modules/".length).split("/");
  return first.startsWith("@") ? `${first}/${second}` : first;
}

/** How many listeners for each signal the copies of signal-exit (versions 2 to 4) have. */
function signalExits(): number {
  const emitters = [
    (process as { __signal_exit_emitter__?: unknown }).__signal_exit_emitter__,
    (globalThis as Record<symbol, unknown>)[Symbol.for("signal-exit emitter")],
  ];
  return emitters.reduce<number>((sum, emitter) => {
    const { count } = (emitter ?? {}) as { count?: unknown };
    return sum + (typeof count === "number" ? count : 0);
  }, 0);
}
