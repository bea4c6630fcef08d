import { closeSync, constants, openSync, readSync } from "node:fs";
import { Socket } from "node:net";
import { dirname } from "node:path";
import { errnoOf } from "../../contract/errors.ts";
import { rightsIn } from "../../host/log-files/rights.ts";
import { block } from "./block.ts";
import { lineFormat } from "./format.ts";
import { createLines } from "./lines.ts";
import { LogFile } from "./log-file.ts";
import { type PipeOrder } from "../../contract/log-lane.ts";
import { openRest, type RestFile } from "./rest.ts";
import { fifoOf, restOf } from "../../host/lane-folder.ts";

/** No pipe holds more than this after its writers have gone (pipe(7): 1 MB unless root has raised it). */
const mostLeftReads = 256;

/** How long after a read the rest is settled; ms. */
const settlesAfterMs = 20;

export interface Pipe {
  reopen(): void;
  /** Everything that was taken is written, and ends with a whole line. */
  settle(): void;
  /** Stops reading; a successor continues. */
  leave(): void;
}

/** Serves one pipe until its last writer has gone and every line is written. */
export function servePipe(options: {
  readonly folder: string;
  readonly number: number;
  readonly order: PipeOrder;
  readonly complain: (what: string) => void;
  readonly onEnd: () => void;
}): Pipe | undefined {
  const { folder, number, order, complain, onEnd } = options;
  const descriptor = openReader(fifoOf(folder, number));
  if (descriptor === undefined) {
    onEnd();
    return undefined;
  }
  const paths = new Set([order.file, order.combined].filter((path) => path !== null));
  const owner = order.owner ?? undefined;
  const rights = rightsIn(dirname(folder), { owner, umask: order.umask });
  const files = [...paths].map((path) => new LogFile(path, complain, rights(path)));
  const rest = orClose(descriptor, () => openRest(restOf(folder, number), complain));
  const onGap = (): void =>
    complain(
      `${order.name}: the previous lane was killed while reading; up to 64 KB may be missing`,
    );
  const lines = createLines({ format: lineFormat(order), files, rest, now: Date.now, onGap });
  let timer: NodeJS.Timeout | undefined;
  const take = (bytes: Buffer): void => {
    lines.take(bytes);
    timer ??= setTimeout(() => {
      timer = undefined;
      lines.settle();
    }, settlesAfterMs);
  };
  const close = (): void => {
    clearTimeout(timer);
    rest.close();
    for (const file of files) file.close();
  };
  const end = (): void => {
    lines.end();
    close();
    onEnd();
  };

  if (readWhatIsThere(descriptor, rest, take) === "ended") {
    closeSync(descriptor);
    end();
    return undefined;
  }
  const socket = new Socket({
    fd: descriptor,
    readable: true,
    writable: false,
    // Node tells that there is something by reading it: a byte, and the rest once it is marked that it is read.
    onread: {
      buffer: block.subarray(0, 1),
      callback: () => {
        rest.reading(true);
        take(block.subarray(0, 1 + (readSome(descriptor, 1) ?? 0)));
        return true;
      },
    },
  } as ConstructorParameters<typeof Socket>[0]);
  socket.on("end", end);
  socket.on("error", (error) => complain(`pipe ${number}: ${error.message}`));
  socket.resume();
  return {
    reopen: () => {
      for (const file of files) file.reopen();
    },
    settle: () => lines.settle(),
    leave: () => {
      socket.removeAllListeners("end");
      socket.destroy();
      lines.settle();
      close();
    },
  };
}

/**
 * Nothing tells of a writer that had gone before the pipe was opened, but a read does: it gives nothing, where it
 * would have to wait if there were a writer.
 */
function readWhatIsThere(
  descriptor: number,
  rest: RestFile,
  take: (bytes: Buffer) => void,
): "open" | "ended" {
  for (let reads = 0; reads < mostLeftReads; reads += 1) {
    rest.reading(true);
    const length = readSome(descriptor, 0);
    if (length === undefined || length === 0) {
      rest.reading(false);
      return length === 0 ? "ended" : "open";
    }
    take(block.subarray(0, length));
  }
  return "open";
}

/**
 * Reads into the block, behind what already exists.
 * @returns 0 at the end, `undefined` when nothing is there yet.
 */
function readSome(descriptor: number, there: number): number | undefined {
  try {
    return readSync(descriptor, block, there, block.length - there, null);
  } catch (error) {
    if (errnoOf(error) === "EAGAIN") return undefined;
    throw error;
  }
}

function orClose<T>(descriptor: number, open: () => T): T {
  try {
    return open();
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function openReader(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
