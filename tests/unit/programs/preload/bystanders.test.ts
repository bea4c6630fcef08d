import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  watchSignalListeners,
  type Bystanders,
} from "../../../../runtime/programs/preload/bystanders.ts";
import { testFolder } from "../../../support/folder.ts";

/** One that nothing here sends or waits for. */
const signal = "SIGCONT";

/** The process as what it inherits from: it has more events than those of its own type. */
const events: NodeJS.EventEmitter = process;

/** Watches until the test is over; then everything that was registered meanwhile is gone. */
function watch(): Bystanders {
  const before = events.listeners("newListener");
  onTestFinished(() => {
    process.removeAllListeners(signal);
    for (const each of events.listeners("newListener")) {
      if (!before.includes(each)) events.removeListener("newListener", each as () => void);
    }
  });
  return watchSignalListeners();
}

/** Has a package of that name register a listener. */
function registerFrom(name: string): void {
  const folder = testFolder();
  const code = `process.on("${signal}", () => {});`;
  createRequire(import.meta.url)(folder.put(join("node_modules", name, "index.js"), code));
}

test("a listener of the app's own code is its shutdown code", () => {
  const { hasOwnCode } = watch();
  expect(hasOwnCode(signal)).toBe(false);
  process.on(signal, () => {});
  expect(hasOwnCode(signal)).toBe(true);
});

test("what a library registers is nobody's shutdown code, and beside the app's own it changes nothing", () => {
  const { hasOwnCode } = watch();
  registerFrom("restore-cursor");
  registerFrom("@scope/logger");
  expect([process.listenerCount(signal), hasOwnCode(signal)]).toEqual([2, false]);
  process.on(signal, () => {});
  expect(hasOwnCode(signal)).toBe(true);
});

test.each(["http-graceful-shutdown", "@godaddy/terminus", "@nestjs/core", "next"])(
  "%s is there to shut a server down: its listener is the app's",
  (name) => {
    const { hasOwnCode } = watch();
    registerFrom(name);
    expect(hasOwnCode(signal)).toBe(true);
  },
);

test("what the preload itself hears never counts as the app's own code", () => {
  const { hasOwnCode, hear } = watch();
  registerFrom("restore-cursor");
  hear(signal, () => {});
  hear(signal, () => {});
  expect([process.listenerCount(signal), hasOwnCode(signal)]).toEqual([3, false]);
  process.on(signal, () => {});
  expect(hasOwnCode(signal)).toBe(true);
});

test("a library in the place of process.emit registers nothing", () => {
  // oxlint-disable-next-line typescript/unbound-method -- it is put back, and called by process alone
  const { emit } = process;
  onTestFinished(() => void (process.emit = emit));
  const folder = testFolder();
  const code =
    "const { emit } = process; process.emit = function (...all) { return emit.apply(this, all); };";
  createRequire(import.meta.url)(folder.put(join("node_modules", "signal-exit", "index.js"), code));
  const { hasOwnCode } = watch();
  registerFrom("restore-cursor");
  expect(hasOwnCode(signal)).toBe(false);
  process.on(signal, () => {});
  expect(hasOwnCode(signal)).toBe(true);
});

test("it hears a signal before everybody else does", () => {
  const { hear } = watch();
  const heard: string[] = [];
  process.on(signal, () => heard.push("the app"));
  hear(signal, () => heard.push("the preload"));
  process.emit(signal, signal);
  expect(heard).toEqual(["the preload", "the app"]);
});

test("where nobody listens it does not either: the signal must end the process", () => {
  const { hasOwnCode, hear } = watch();
  hear(signal, () => {});
  expect([process.listenerCount(signal), hasOwnCode(signal)]).toEqual([0, false]);
});

test("listeners of a bundled signal-exit are known by its own count", () => {
  const { hasOwnCode } = watch();
  const emitter = Symbol.for("signal-exit emitter");
  const global = globalThis as Record<symbol, unknown>;
  global[emitter] = { count: 1 };
  onTestFinished(() => void delete global[emitter]);
  process.on(signal, () => {});
  expect(hasOwnCode(signal)).toBe(false);
  process.on(signal, () => {});
  expect(hasOwnCode(signal)).toBe(true);
});

test("to look who registers leaves the app's stack traces as they are", () => {
  watch();
  const { stackTraceLimit } = Error;
  const own = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
  process.on(signal, () => {});
  expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  expect(Object.getOwnPropertyDescriptor(Error, "prepareStackTrace")).toEqual(own);
});
