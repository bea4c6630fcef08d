import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, constants, existsSync, mkdirSync, openSync, readlinkSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { dirname } from "node:path";
import { errnoOf, messageOf, xmError } from "../../contract/errors.ts";
import { isShortage, withReserve } from "../../host/descriptors.ts";
import { makePipes } from "../../host/pipes.ts";
import { version } from "../../contract/version.ts";
import { type LaneCommand, type LaneNews, type PipeOrder } from "../../contract/log-lane.ts";
import type { LogToRotate, RotationOutcome } from "../../contract/rotation.ts";
import { onLines } from "../../host/lines.ts";
import { fifoOf, numbersOf, socketOf, writeOrder } from "../../host/lane-folder.ts";
import { withSocketPath } from "../../host/socket-path.ts";

/*
 * God's side of the lane: makes pipes and says what becomes of their lines, starts the lane with the first of them,
 * and follows it by another when it dies. God holds a reading end of every pipe in use, so that what a program wrote
 * before it died is there still when no lane was; nothing is read from it.
 */
export interface Lane {
  /** A pipe for one stream of a program that is about to start. Close it when the program has it, or has not started. */
  open(order: PipeOrder): OpenPipe;
  /** A program that outlived a daemon: a pipe of its that nobody serves is served. */
  adopt(pid: number, orders: Readonly<Partial<Record<PipeOrder["stream"], PipeOrder>>>): void;
  /** The lane goes on with what a former daemon has left. */
  find(): void;
  /** Every log file is opened again. */
  reopen(): Promise<void>;
  /** @returns `undefined` when there is no lane now. */
  rotate(log: LogToRotate): Promise<RotationOutcome | undefined>;
  /** Waits until what is in the pipes is written, and the lane gone. */
  quit(): Promise<void>;
  pid(): number | null;
  /** Lets go of it: it goes on. */
  release(): void;
}

export interface OpenPipe {
  /** For balancers, which open it themselves (`r+`). */
  readonly path: string;
  /** Open for reading and writing: a program never writes to a pipe that nobody can read. */
  readonly descriptor: number;
  close(): void;
}

/** Pipes made at once. */
const madeAtOnce = 4;

/** Between two tries to reach a lane that is coming up; ms. */
const triesEveryMs = 10;

/** After a lane that ended before it was reached; ms. */
const firstPauseMs = 100;

/** A lane that keeps dying is waited with, longer each time; ms. */
const longestPauseMs = 5_000;

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
  /** Its connection may be gone before its exit is noticed. */
  let reachedPid: number | undefined;
  let line: { socket: Socket; pid: number } | undefined;
  let running: Promise<void> | undefined;
  let child: ChildProcess | undefined;
  let isQuitting = false;
  let isReleased = false;
  let isHandingOver = false;
  let onReopened: (() => void) | undefined;
  const onRotated = new Map<string, (outcome: RotationOutcome) => void>();
  const deaths: number[] = [];
  /** How a lane ended that was never reached. */
  let failed: string | undefined;
  let toldMs = 0;

  const send = (order: LaneCommand): void => void line?.socket.write(`${JSON.stringify(order)}\n`);
  const hold = (number: number): void => {
    if (readers.has(number)) return;
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    readers.set(number, openSync(fifoOf(folder, number), flags));
  };
  /** Whether there is something for a lane to do; where that cannot be seen, for want of descriptors, there may be. */
  const isNeeded = (): boolean => {
    try {
      return withReserve(() => numbersOf(folder, "json")).length > 0;
    } catch (error) {
      if (!isShortage(error)) throw error;
      return true;
    }
  };
  const freeNumber = (): number => {
    const used = new Set(numbersOf(folder, "json"));
    const free = (): number | undefined =>
      numbersOf(folder, "fifo").find((each) => !used.has(each));
    return free() ?? makeMore(folder) ?? free() ?? 0;
  };

  const start = (): void => {
    const own = spawn(process.execPath, ["--max-semi-space-size=1", program, folder, build], {
      detached: true,
      cwd: "/",
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...laneEnvironment(), XM_HOME: dirname(folder) },
    });
    own.on("error", ({ message }) => {
      child = undefined;
      failed = message;
    });
    own.on("exit", (code, signal) => {
      if (child === own) child = undefined;
      if (reachedPid !== own.pid) failed = signal ?? `code ${code}`;
    });
    own.unref();
    child = own;
  };
  /** Resolves when the lane that was reached has gone. */
  const reach = (): Promise<"absent" | "gone"> =>
    new Promise((resolve) => {
      const socket = withSocketPath(socketOf(folder), (short) => connect(short));
      socket.unref();
      onLines(socket, (text) => {
        const news = JSON.parse(text) as LaneNews;
        if (news.news === "reopened") onReopened?.();
        if (news.news === "rotated") onRotated.get(news.file)?.(news.outcome);
        if (news.news !== "hello") return;
        line = { socket, pid: news.pid };
        reachedPid = news.pid;
        // One of another build hands over to ours: the pipes hold what comes meanwhile.
        isHandingOver = news.build !== build;
        if (isHandingOver) log(`the log lane hands over, from ${news.build} to ${build}`);
        send({ order: isHandingOver ? "leave" : "look" });
        if (isQuitting) send({ order: "quit" });
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        const wasThere = line?.socket === socket;
        if (wasThere) line = undefined;
        resolve(wasThere ? "gone" : "absent");
      });
    });
  const keep = async (): Promise<void> => {
    for (;;) {
      if ((await reach()) === "gone") {
        toldMs = 0;
        if (isReleased || !isNeeded()) return;
        if (!isHandingOver) {
          log("the log lane exited; starting another");
          deaths.push(performance.now());
          await pause(pauseAfter(deaths));
        }
      } else if (isReleased || !isNeeded()) return;
      if (failed !== undefined) {
        deaths.push(performance.now());
        const waitMs = Math.max(firstPauseMs, pauseAfter(deaths));
        if (waitMs !== toldMs) {
          log(`the log lane could not start (${failed}); tried again in ${waitMs} ms`);
        }
        toldMs = waitMs;
        failed = undefined;
        await pause(waitMs);
        continue;
      }
      if (child === undefined) start();
      await pause(triesEveryMs);
    }
  };
  const ensure = (): void => {
    running ??= keep()
      .catch((error: unknown) => log(`the log lane: ${messageOf(error)}`))
      .finally(() => {
        running = undefined;
        // Ordered in the instant in which the last one ended.
        if (!isReleased && isNeeded()) {
          void pause(triesEveryMs).then(() => {
            if (!isReleased) ensure();
          });
        }
      });
  };

  return {
    open: (order) => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const number = freeNumber();
      const path = fifoOf(folder, number);
      const descriptor = openSync(path, "r+");
      try {
        hold(number);
        writeOrder(folder, number, order);
      } catch (error) {
        closeSync(descriptor);
        throw error;
      }
      if (line === undefined) ensure();
      else send({ order: "look" });
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
        ensure();
        send({ order: "look" });
      }
    },
    find: () => {
      const used = numbersOf(folder, "json");
      for (const number of used) if (existsSync(fifoOf(folder, number))) hold(number);
      if (used.length > 0 || existsSync(socketOf(folder))) ensure();
    },
    reopen: async () => {
      if (line === undefined) return;
      await within(
        answersWithinMs,
        new Promise<void>((resolve) => {
          onReopened = resolve;
          send({ order: "reopen" });
        }),
      );
    },
    rotate: async (each) => {
      if (line === undefined) return undefined;
      let outcome: RotationOutcome = { kind: "failed", why: "the log lane did not answer" };
      await within(
        answersWithinMs,
        new Promise<void>((resolve) => {
          onRotated.set(each.file, (news) => {
            outcome = news;
            resolve();
          });
          send({ order: "rotate", log: each });
        }),
      );
      onRotated.delete(each.file);
      return outcome;
    },
    quit: async () => {
      isQuitting = true;
      send({ order: "quit" });
      await within(answersWithinMs, running ?? Promise.resolve());
    },
    pid: () => line?.pid ?? null,
    release: () => {
      isReleased = true;
      line?.socket.destroy();
      for (const reader of readers.values()) closeSync(reader);
      readers.clear();
    },
  };
}

/** The next few pipes of a folder. */
function makeMore(folder: string): undefined {
  const there = numbersOf(folder, "fifo");
  const first = Math.max(0, ...there) + 1;
  const paths = Array.from({ length: madeAtOnce }, (_, index) => fifoOf(folder, first + index));
  const why = makePipes(paths);
  if (why === undefined) return;
  throw xmError("ERR_LOG_UNWRITABLE", { path: paths[0] ?? folder, why: `mkfifo: ${why}` });
}

/** The number of the pipe that a descriptor of a process is. */
function pipeNumber(folder: string, pid: number, descriptor: number): number | undefined {
  try {
    const path = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
    const number = Number.parseInt(path.slice(folder.length + 1), 10);
    return path === fifoOf(folder, number) ? number : undefined;
  } catch (error) {
    // Another user's, or gone.
    if (["ENOENT", "EACCES", "EPERM"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** A lane is no part of an app's life, nor of the chain of daemons. */
function laneEnvironment(): NodeJS.ProcessEnv {
  const { XM_LIFE: _life, XM_BOOTS: _boots, NODE_OPTIONS: _options, ...env } = process.env;
  return env;
}

/** The third death within a minute is the first that is waited after. */
function pauseAfter(deaths: number[]): number {
  while (deaths[0] !== undefined && performance.now() - deaths[0] > 60_000) deaths.shift();
  return deaths.length < 3 ? 0 : Math.min(100 * 2 ** (deaths.length - 3), longestPauseMs);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
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
