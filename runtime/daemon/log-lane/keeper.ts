import { spawn, type ChildProcess } from "node:child_process";
import { connect, type Socket } from "node:net";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { messageOf } from "../../contract/errors.ts";
import type { LaneCommand, LaneNews } from "../../contract/log-lane.ts";
import { socketOf } from "../../host/lane-folder.ts";
import { programEnvironment } from "../../host/program-environment.ts";
import { onLines } from "../../host/lines.ts";
import { withSocketPath } from "../../host/socket-path.ts";
import { isNeeded } from "./pipes.ts";

/** Between two tries to reach a lane that is coming up; ms. */
const triesEveryMs = 10;

/** After a lane that ended before it was reached; ms. */
const firstPauseMs = 100;

/** A lane that keeps dying is waited with, longer each time; ms. */
const longestPauseMs = 5_000;

/** Keeps a lane alive while there is something to do for one, and speaks to it. */
export interface Keeper {
  /** Starts a lane, or finds the one there is, unless that is in progress. */
  ensure(): void;
  /** Nothing when there is no lane now. */
  send(order: LaneCommand): void;
  isThere(): boolean;
  readonly pid: () => number | null;
  /** From now on the lane ends when its pipes are empty. Resolves when it is gone. */
  quit(): Promise<void>;
  /** Lets go of it: it continues. */
  release(): void;
}

export function createKeeper(options: {
  readonly folder: string;
  readonly program: string;
  readonly build: string;
  readonly log: (line: string) => void;
  readonly onNews: (news: Exclude<LaneNews, { news: "hello" }>) => void;
}): Keeper {
  const { folder, program, build, log, onNews } = options;
  /** Its connection may be gone before its exit is noticed. */
  let reachedPid: number | undefined;
  let line: { socket: Socket; pid: number } | undefined;
  let running: Promise<void> | undefined;
  let child: ChildProcess | undefined;
  let isQuitting = false;
  let isReleased = false;
  let isHandingOver = false;
  const deaths: number[] = [];
  /** How a lane ended that was never reached. */
  let failed: string | undefined;
  let toldMs = 0;

  const send = (order: LaneCommand): void => void line?.socket.write(`${JSON.stringify(order)}\n`);
  const start = (): void => {
    const own = spawn(process.execPath, ["--max-semi-space-size=1", program, folder, build], {
      detached: true,
      cwd: "/",
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...programEnvironment(), XM_HOME: dirname(folder) },
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
        if (news.news !== "hello") return onNews(news);
        line = { socket, pid: news.pid };
        reachedPid = news.pid;
        // One of another build hands over to ours: data that arrives meanwhile waits in the pipes.
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
        if (isReleased || !isNeeded(folder)) return;
        if (!isHandingOver) {
          log("the log lane exited; starting another");
          deaths.push(performance.now());
          await setTimeout(pauseAfter(deaths));
        }
      } else if (isReleased || !isNeeded(folder)) return;
      if (failed !== undefined) {
        deaths.push(performance.now());
        const waitMs = Math.max(firstPauseMs, pauseAfter(deaths));
        if (waitMs !== toldMs) {
          log(`the log lane could not start (${failed}); retrying in ${waitMs} ms`);
        }
        toldMs = waitMs;
        failed = undefined;
        await setTimeout(waitMs);
        continue;
      }
      if (child === undefined) start();
      await setTimeout(triesEveryMs);
    }
  };
  const ensure = (): void => {
    running ??= keep()
      .catch((error: unknown) => log(`the log lane: ${messageOf(error)}`))
      .finally(() => {
        running = undefined;
        // Ordered in the instant in which the last one ended.
        if (!isReleased && isNeeded(folder)) {
          void setTimeout(triesEveryMs).then(() => {
            if (!isReleased) ensure();
          });
        }
      });
  };

  return {
    ensure,
    send,
    isThere: () => line !== undefined,
    pid: () => line?.pid ?? null,
    quit: async () => {
      isQuitting = true;
      send({ order: "quit" });
      await running;
    },
    release: () => {
      isReleased = true;
      line?.socket.destroy();
    },
  };
}

/** The third death within a minute is the first that is waited after. */
function pauseAfter(deaths: number[]): number {
  while (deaths[0] !== undefined && performance.now() - deaths[0] > 60_000) deaths.shift();
  return deaths.length < 3 ? 0 : Math.min(100 * 2 ** (deaths.length - 3), longestPauseMs);
}
