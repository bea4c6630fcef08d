import { existsSync, rmSync, writeSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { limitAlike } from "../../host/complaints.ts";
import { isShortage, noteShortage, reserveDescriptors } from "../../host/descriptors.ts";
import { acquireLock, holderWords, homeTakenCode } from "../../host/home/lock.ts";
import type { LaneCommand, LaneNews } from "../../contract/log-lane.ts";
import { servePipe, type Pipe } from "./pipe.ts";
import { rotateByName } from "./rotate.ts";
import { onLines } from "../../host/lines.ts";
import { numbersOf, readOrder, removeOrder, socketOf } from "../../host/lane-folder.ts";
import { withSocketPath } from "../../host/socket-path.ts";

/*
 * The lane: `node lane.cjs FOLDER BUILD`. One per home, started by God with the first app whose lines are to be changed. It
 * reads the pipes that such apps write to and appends their lines to log files. It outlives God, and an app outlives
 * it: each program holds the reading end of its own pipe too, so that a pipe without a lane fills up and waits
 * (docs/decisions/0007-log-lane.md).
 */

/** A lane without pipes ends after this; ms. */
const lingerMs = 2_000;

/** A pipe that could not be opened for want of descriptors is tried again after this; it waits meanwhile. ms. */
const looksAgainAfterMs = 1_000;

const [folder = "", build = ""] = process.argv.slice(2);
const home = dirname(folder);
const socketPath = socketOf(folder);
const pipes = new Map<number, Pipe | undefined>();
let god: Socket | undefined;
let isQuitting = false;
let again: NodeJS.Timeout | undefined;
let linger: NodeJS.Timeout | undefined;

const tell = (news: LaneNews): void => void god?.write(`${JSON.stringify(news)}\n`);

async function main(): Promise<void> {
  process.umask(0o077);
  process.title = `xm log lane (${home})`;
  const lock = await acquireLock(home, "lane");
  if (lock.kind === "taken") {
    complain(`not started: ${holderWords(lock.pid)} is the log lane of ${home}`);
    process.exit(homeTakenCode);
  }
  for (const note of lock.notes) complain(note);
  process.on("SIGTERM", leave);
  // Ctrl-C at the terminal that started it all is not meant for it.
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
  const server = createServer((socket) => {
    god?.destroy();
    god = socket;
    onLines(socket, (line) => obey(JSON.parse(line) as LaneCommand));
    socket.on("error", () => {});
    socket.on("close", () => {
      if (god === socket) god = undefined;
    });
    tell({ news: "hello", build, pid: process.pid });
  });
  reserveDescriptors(complain);
  look();
  rmSync(socketPath, { force: true });
  withSocketPath(socketPath, (short) => server.listen(short));
}

function obey(order: LaneCommand): void {
  switch (order.order) {
    case "look":
      isQuitting = false;
      look();
      return;
    case "reopen":
      for (const pipe of pipes.values()) pipe?.reopen();
      tell({ news: "reopened" });
      return;
    case "rotate":
      tell({
        news: "rotated",
        file: order.log.file,
        outcome: rotateByName(order.log, pipes.values()),
      });
      return;
    case "quit":
      isQuitting = true;
      endWhenIdle();
      return;
    case "leave":
      leave();
      return;
    default:
    // An order of a newer God's.
  }
}

/** Serves every pipe in use that is not served yet; those that cannot be opened now are checked again. */
function look(): void {
  try {
    serve();
  } catch (error) {
    if (!isShortage(error)) throw error;
    noteShortage(error);
    again ??= setTimeout(() => {
      again = undefined;
      look();
    }, looksAgainAfterMs);
  }
  endWhenIdle();
}

function serve(): void {
  for (const number of numbersOf(folder, "json")) {
    if (pipes.has(number)) continue;
    const order = readOrder(folder, number);
    if (order === undefined) continue;
    pipes.set(number, undefined);
    const onEnd = (): void => {
      pipes.delete(number);
      removeOrder(folder, number);
      endWhenIdle();
    };
    let pipe: Pipe | undefined;
    try {
      pipe = servePipe({ folder, number, order, complain, onEnd });
    } catch (error) {
      pipes.delete(number);
      throw error;
    }
    if (pipe !== undefined) pipes.set(number, pipe);
  }
}

function endWhenIdle(): void {
  clearTimeout(linger);
  if (pipes.size > 0 || again !== undefined) return;
  // Orders that arrived in the meantime are carried out.
  linger = setTimeout(
    () => {
      look();
      if (pipes.size === 0) leave();
    },
    isQuitting ? 0 : lingerMs,
  );
}

function leave(): void {
  for (const pipe of pipes.values()) pipe?.leave();
  if (existsSync(socketPath)) rmSync(socketPath, { force: true });
  process.exit(0);
}

/** Into the daemon's log, a few hundred lines alike a minute; a full disk ends no process. */
const complain = limitAlike((line) => {
  try {
    writeSync(2, `${new Date().toISOString()} log lane: ${line}\n`);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}, Date.now);

main().catch((error: unknown) => {
  complain(messageOf(error));
  process.exit(1);
});
