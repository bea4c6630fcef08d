import { realpathSync } from "node:fs";
import { sep } from "node:path";

/*
 * Libraries listen to signals too: to show the cursor again, to flush a log, to remove a temporary file. Such a listener
 * is no shutdown code, and an app that has no other is drained: then the signal is raised, and they hear it.
 * What is the app's own: what is registered outside of `node_modules`, by the package that is run itself (`serve`), or by
 * a package whose purpose it is to shut down a server.
 */
const shutsDown =
  /^(?:@[^/]+\/)?(?:.*(?:graceful|shutdown|terminator|terminus|lightship|stoppable|close-with-grace).*)$|^@nestjs\/|^@react-router\/|^@remix-run\/|^(?:next|nuxt|nitropack|serve|vite|sails|egg|moleculer|strapi|@strapi\/.*|@adonisjs\/.*|@loopback\/.*|@feathersjs\/.*)$/;

/** Frames of a stack that are looked through for the one who registered. */
const frames = 30;

type Listener = (...args: unknown[]) => unknown;

export interface Bystanders {
  /** Whether somebody but bystanders listens to a signal. */
  hasOwnCode(signal: string): boolean;
}

/** Remembers from now on who registers a listener for a signal. */
export function watchSignalListeners(): Bystanders {
  const bystanders = new WeakSet<Listener>();
  process.on("newListener", (name: string | symbol, listener: Listener) => {
    if (typeof name === "string" && /^SIG[A-Z0-9]+$/.test(name) && isBystander(packageOfCaller())) {
      bystanders.add(listener);
    }
  });
  return {
    hasOwnCode: (signal) => {
      const own = process
        .listeners(signal as NodeJS.Signals)
        .filter((listener) => !bystanders.has(listener as Listener));
      // A bundle holds its libraries: signal-exit tells how many of its listeners there are.
      return own.length > signalExits(bystanders, signal);
    },
  };
}

function isBystander(name: string | undefined): boolean {
  return name !== undefined && !shutsDown.test(name) && name !== ownPackage();
}

/** The package that is run itself, be it through a link of `node_modules/.bin`. */
function ownPackage(): string | undefined {
  try {
    return packageIn(realpathSync(process.argv[1] ?? ""));
  } catch {
    return undefined;
  }
}

/** @returns the package in whose code the nearest caller outside of Node and of this file is; `undefined` for an app's own. */
function packageOfCaller(): string | undefined {
  // oxlint-disable-next-line typescript/unbound-method -- it is put back, and called by V8 alone
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = frames;
  Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName() ?? "");
  try {
    const files = new Error().stack as unknown as string[];
    const caller = files.find(
      (file) => file !== "" && file !== __filename && !file.startsWith("node:"),
    );
    return packageIn(caller ?? "");
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace === undefined)
      delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
    else Error.prepareStackTrace = prepareStackTrace;
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

/** Listeners of copies of signal-exit (versions 2 to 4) that are not known as bystanders already. */
function signalExits(known: WeakSet<Listener>, signal: string): number {
  const emitters = [
    (process as { __signal_exit_emitter__?: unknown }).__signal_exit_emitter__,
    (globalThis as Record<symbol, unknown>)[Symbol.for("signal-exit emitter")],
  ];
  const count = emitters.reduce<number>((sum, emitter) => {
    const { count: own } = (emitter ?? {}) as { count?: unknown };
    return sum + (typeof own === "number" ? own : 0);
  }, 0);
  const seen = process
    .listeners(signal as NodeJS.Signals)
    .filter((listener) => known.has(listener as Listener)).length;
  return Math.max(0, count - seen);
}
