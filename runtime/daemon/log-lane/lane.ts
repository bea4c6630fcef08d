import { closeSync, constants, existsSync, mkdirSync, openSync } from "node:fs";
import type { PipeOrder } from "../../contract/log-lane.ts";
import type { LogToRotate, RotationOutcome } from "../../contract/rotation.ts";
import { version } from "../../contract/version.ts";
import { fifoOf, numbersOf, orderOf, socketOf, writeOrder } from "../../host/lane-folder.ts";
import { createKeeper } from "./keeper.ts";
import { freeNumber, pipeNumber } from "./pipes.ts";

/*
 * God's side of the lane: makes pipes and says what becomes of their lines, starts the lane with the first of them,
 * and follows it by another when it dies. God holds a reading end of every pipe in use, so that what a program wrote
 * before it died is still there if no lane ran; nothing is read from it.
 */
export interface Lane {
  /** A pipe for one stream of a program that is about to start. Close it when the program has it, or has not started. */
  open(order: PipeOrder): OpenPipe;
  /** A program that outlived a daemon: serves its pipes that no lane serves. */
  adopt(pid: number, orders: Readonly<Partial<Record<PipeOrder["stream"], PipeOrder>>>): void;
  /** The lane continues with what a former daemon has left. */
  find(): void;
  /**
   * Whether everything that a process has written to a stream is in its files: the lane writes, and the last program that
   * had the pipe has ended.
   */
  hasWritten(id: number, stream: PipeOrder["stream"]): boolean;
  /** Every log file is opened again. */
  reopen(): Promise<void>;
  /** @returns `undefined` when there is no lane now. */
  rotate(log: LogToRotate): Promise<RotationOutcome | undefined>;
  /** Waits until what is in the pipes is written, and the lane gone. */
  quit(): Promise<void>;
  pid(): number | null;
  /** Lets go of it: it continues. */
  release(): void;
}

export interface OpenPipe {
  /** For balancers, which open it themselves (`r+`). */
  readonly path: string;
  /** Open for reading and writing: a program never writes to a pipe without a reader. */
  readonly descriptor: number;
  close(): void;
}

/** The longest that an answer, or its end, is waited for; ms. */
const answersWithinMs = 5_000;

export function createLane(options: {
  readonly folder: string;
  readonly program: string;
  readonly log: (line: string) => void;
  /** A lane of another one is replaced. */
  readonly build?: string;
}): Lane {
  const { folder, program, log, build = version } = options;
  const readers = new Map<number, number>();
  /** The stream of a process that each pipe was given to, those given last at the end. */
  const owners = new Map<number, string>();
  let onReopened: (() => void) | undefined;
  const onRotated = new Map<string, (outcome: RotationOutcome) => void>();
  const keeper = createKeeper({
    folder,
    program,
    build,
    log,
    onNews: (news) => {
      if (news.news === "reopened") onReopened?.();
      else onRotated.get(news.file)?.(news.outcome);
    },
  });

  const keyOf = (id: number, stream: PipeOrder["stream"]): string => `${id}/${stream}`;
  const own = (number: number, { id, stream }: PipeOrder): void => {
    owners.delete(number);
    owners.set(number, keyOf(id, stream));
  };
  const hold = (number: number): void => {
    if (readers.has(number)) return;
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    readers.set(number, openSync(fifoOf(folder, number), flags));
  };

  return {
    open: (order) => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const number = freeNumber(folder);
      const path = fifoOf(folder, number);
      const descriptor = openSync(path, "r+");
      try {
        hold(number);
        writeOrder(folder, number, order);
        own(number, order);
      } catch (error) {
        closeSync(descriptor);
        throw error;
      }
      if (keeper.isThere()) keeper.send({ order: "look" });
      else keeper.ensure();
      return { path, descriptor, close: () => closeSync(descriptor) };
    },
    adopt: (pid, orders) => {
      const used = new Set(numbersOf(folder, "json"));
      for (const [descriptor, order] of [
        [1, orders.out],
        [2, orders.err],
      ] as const) {
        const number = pipeNumber(folder, pid, descriptor);
        if (number === undefined || order === undefined || used.has(number)) continue;
        hold(number);
        writeOrder(folder, number, order);
        own(number, order);
        keeper.ensure();
        keeper.send({ order: "look" });
      }
    },
    find: () => {
      const used = numbersOf(folder, "json");
      for (const number of used) if (existsSync(fifoOf(folder, number))) hold(number);
      if (used.length > 0 || existsSync(socketOf(folder))) keeper.ensure();
    },
    hasWritten: (id, stream) => {
      const key = keyOf(id, stream);
      const number = [...owners].findLast(([, owner]) => owner === key)?.[0];
      return number === undefined || !existsSync(orderOf(folder, number));
    },
    reopen: async () => {
      if (!keeper.isThere()) return;
      await within(
        answersWithinMs,
        new Promise<void>((resolve) => {
          onReopened = resolve;
          keeper.send({ order: "reopen" });
        }),
      );
    },
    rotate: async (each) => {
      if (!keeper.isThere()) return undefined;
      let outcome: RotationOutcome = { kind: "failed", why: "the log lane did not answer" };
      await within(
        answersWithinMs,
        new Promise<void>((resolve) => {
          onRotated.set(each.file, (news) => {
            outcome = news;
            resolve();
          });
          keeper.send({ order: "rotate", log: each });
        }),
      );
      onRotated.delete(each.file);
      return outcome;
    },
    quit: () => within(answersWithinMs, keeper.quit()),
    pid: keeper.pid,
    release: () => {
      keeper.release();
      for (const reader of readers.values()) closeSync(reader);
      readers.clear();
    },
  };
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    work,
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    }),
  ]);
  clearTimeout(timer);
}
