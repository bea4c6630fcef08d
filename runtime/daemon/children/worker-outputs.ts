import { closeSync, fstatSync } from "node:fs";
import { openLog, ownStream } from "../../host/log-files/open.ts";
import { fileIdentity } from "../../host/log-files/reopen.ts";
import { logRights } from "../../host/log-files/rights.ts";
import type { Identity } from "../../host/users.ts";
import { ownFile, pipeOrder } from "../log-lane/launch-order.ts";
import type { Lane } from "../log-lane/lane.ts";
import type { ChildEvents, Launch } from "./contract.ts";
import type { GivenFiles } from "./given-files.ts";
import { lend, type Lent } from "./lend.ts";
import { assertWritable, emptyFiles, unlessUnwritable } from "./outputs.ts";

/** What a balancer opens as the output of a worker. */
export interface WorkerOutputs {
  readonly out: string | null;
  readonly error: string | null;
  /** Once the worker has them, or will not. */
  readonly close: () => void;
}

/**
 * The files or pipes of a worker. Its balancer opens them with its own rights: of another user's app, what lies in this
 * home is lent to it, and any other file is that user's to open and not God's, who could be led by it to a file of his own.
 * @throws `ERR_LOG_UNWRITABLE` in a first life; nothing is left open then.
 */
export function openWorkerOutputs(options: {
  readonly launch: Launch;
  readonly lane: Lane;
  readonly given: GivenFiles;
  readonly identity: Identity;
  readonly events: ChildEvents;
}): WorkerOutputs {
  const { launch, lane, given, identity, events } = options;
  const isOther = identity.uid !== undefined || identity.gid !== undefined;
  const closers: (() => void)[] = [];
  const close = (): void => {
    for (const each of closers.splice(0)) each();
  };
  const lendOne = (descriptor: number): string | null => {
    const lent: Lent = lend([descriptor], identity);
    closers.push(() => lent.close());
    return lent.paths[0] ?? null;
  };
  const open = (stream: "out" | "err"): string | null => {
    const order = pipeOrder(launch, stream);
    if (order !== undefined) {
      assertWritable(launch, [order.file, order.combined]);
      const pipe = lane.open(order);
      closers.push(() => pipe.close());
      return isOther ? lendOne(pipe.descriptor) : pipe.path;
    }
    const path = ownFile(launch, stream);
    if (path === null) {
      assertWritable(launch, emptyFiles(launch));
      return null;
    }
    // The balancer has the daemon's own streams.
    if (ownStream(path) !== undefined) return path;
    if (isOther && !path.startsWith(`${launch.home}/`)) return path;
    const descriptor = openLog(path, logRights(launch.spec, launch.home)(path));
    try {
      given.note(launch.lifeId, stream, fileIdentity(fstatSync(descriptor)));
      if (!isOther) return path;
      return lendOne(descriptor);
    } finally {
      closeSync(descriptor);
    }
  };
  try {
    const opened = (stream: "out" | "err"): string | null =>
      unlessUnwritable(launch, stream, events, () => open(stream)) ?? null;
    return { out: opened("out"), error: opened("err"), close };
  } catch (error) {
    close();
    throw error;
  }
}
