import { closeSync, fstatSync } from "node:fs";
import { messageOf } from "../../contract/errors.ts";
import { ownFile, pipeOrder } from "../log-lane/launch-order.ts";
import { openLog, ownStream } from "../../host/log-files/open.ts";
import { isShortage } from "../../host/descriptors.ts";
import { logRights } from "../../host/log-files/rights.ts";
import { fileIdentity } from "../../host/log-files/reopen.ts";
import type { ChildEvents, ChildServices, Launch } from "./contract.ts";

/** What a program gets as its output and errors: a log file, a pipe of the lane, or nothing. */
export interface Outputs {
  readonly out: number | "ignore";
  readonly error: number | "ignore";
  /** Once the program has them. */
  close(): void;
}

/**
 * Opens both streams of a life.
 * @throws `ERR_LOG_UNWRITABLE` in a first life; nothing is left open then.
 */
export function openOutputs(
  launch: Launch,
  { lane, given }: Pick<ChildServices, "lane" | "given">,
  events: ChildEvents,
): Outputs {
  const closers: (() => void)[] = [];
  const close = (): void => {
    for (const each of closers.splice(0)) each();
  };
  const rights = logRights(launch.spec, launch.home);
  const open = (stream: "out" | "err"): number | "ignore" => {
    const order = pipeOrder(launch, stream);
    if (order !== undefined) {
      assertWritable(launch, [order.file, order.combined]);
      const pipe = lane.open(order);
      closers.push(() => pipe.close());
      return pipe.descriptor;
    }
    const path = ownFile(launch, stream);
    if (path === null) {
      assertWritable(launch, emptyFiles(launch));
      return "ignore";
    }
    const own = ownStream(path);
    if (own !== undefined) return own;
    const descriptor = openLog(path, rights(path));
    closers.push(() => closeSync(descriptor));
    given.note(launch.lifeId, stream, fileIdentity(fstatSync(descriptor)));
    return descriptor;
  };
  try {
    const opened = (stream: "out" | "err"): number | "ignore" =>
      unlessUnwritable(launch, stream, events, () => open(stream)) ?? "ignore";
    return { out: opened("out"), error: opened("err"), close };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * A file that cannot be written, on a read-only disk for instance, does not stop an app that has run before: it runs
 * without, and that is reported. A first start is refused, when the mistake can still be fixed.
 * @returns `undefined` when what is written to the stream will be lost.
 */
export function unlessUnwritable<T>(
  { counts }: Launch,
  stream: "out" | "err",
  events: ChildEvents,
  open: () => T,
): T | undefined {
  try {
    return open();
  } catch (error) {
    // A shortage passes, and the start is tried again.
    if (counts.restarts === 0 || isShortage(error)) throw error;
    const name = stream === "out" ? "stdout" : "stderr";
    setImmediate(() => events.told({ type: "unwritable", stream: name, why: messageOf(error) }));
    return undefined;
  }
}

/** For an app whose output is discarded: its files exist all the same, as under PM2. */
export function emptyFiles({ spec, logs }: Launch): (string | null)[] {
  return spec.logs.isOff ? [logs.out, logs.error, logs.combined] : [];
}

/** Whether files can be written is found out where there are words for it; they are there afterwards. */
export function assertWritable(
  { spec, home }: Pick<Launch, "spec" | "home">,
  paths: readonly (string | null)[],
): void {
  const rights = logRights(spec, home);
  for (const path of paths) {
    if (path !== null && ownStream(path) === undefined) closeSync(openLog(path, rights(path)));
  }
}
