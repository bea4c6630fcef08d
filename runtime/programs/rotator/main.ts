import { mkdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import type Tinypool from "tinypool";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import type { LogToRotate, RotatorNews, RotatorOrder } from "../../contract/rotation.ts";
import { onLines } from "../../host/lines.ts";
import { recoverRotation } from "../../host/rotation/recover.ts";
import { makeRoom } from "./make-room.ts";
import { rotateFile } from "./rotate.ts";
import { compressedAfterMs, tend } from "./tend.ts";

/*
 * The rotator: `node rotator.cjs FOLDER`. God starts it when a log file is to be rotated, and it ends when nothing is left to
 * be done: idle it costs nothing. It outlives God for as long as it takes to finish what it does, so that God's death stops
 * nobody; its own is seen by God, who then lets everybody run on (`host/rotation/recover.ts`).
 */

/** For further orders; ms. */
const lingerMs = 5_000;

const [folder = ""] = process.argv.slice(2);
const god = process.ppid;
let live: ReadonlySet<string> = new Set();
let isAlone = false;
let linger: NodeJS.Timeout | undefined;
let pool: Tinypool | undefined;
const todo: (() => Promise<void> | void)[] = [];
let isBusy = false;
const tended = new Map<string, LogToRotate>();

function tell(news: RotatorNews): void {
  try {
    writeSync(1, `${JSON.stringify(news)}\n`);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

function obey(order: RotatorOrder): void {
  if (order.order === "live") {
    live = new Set(order.files);
    return;
  }
  if (order.order === "tend") {
    for (const log of order.logs) tended.set(log.file, log);
    enqueue(tendAll);
    return;
  }
  if (order.order === "makeRoom") {
    enqueue(() => {
      const done = makeRoom(order.logs, order.rule, { live });
      if (done !== undefined) tell({ news: "note", text: done });
    });
    return;
  }
  const { number, log } = order;
  // At once, also while something is compressed: a file that grows does not wait.
  const outcome = rotateFile({
    ...log,
    folder,
    never: [god],
    now: Date.now,
    onStopping: () => tell({ news: "stopping" }),
    onRunning: () => tell({ news: "running" }),
  });
  tell({ news: "rotated", number, outcome });
  tended.set(log.file, log);
  enqueue(tendAll);
}

async function tendAll(): Promise<void> {
  const logs = [...tended.values()];
  tended.clear();
  for (const log of logs) {
    try {
      const isLeft = await tend(log, { compress, live, now: Date.now });
      if (isLeft) tended.set(log.file, log);
    } catch (error) {
      tell({ news: "note", text: `${log.file}: its rotated files: ${messageOf(error)}` });
    }
  }
}

async function compress(files: { from: number; to: number }): Promise<number> {
  if (pool === undefined) {
    const { default: Pool } = await import("tinypool");
    pool = new Pool({
      filename: join(import.meta.dirname, "rotator-worker.cjs"),
      name: "compress",
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: lingerMs,
    });
  }
  return (await pool.run(files)) as number;
}

function enqueue(work: () => Promise<void> | void): void {
  todo.push(work);
  clearTimeout(linger);
  if (!isBusy) void drain();
}

async function drain(): Promise<void> {
  isBusy = true;
  for (let work = todo.shift(); work !== undefined; work = todo.shift()) await work();
  isBusy = false;
  if (tended.size > 0) linger = setTimeout(() => enqueue(tendAll), compressedAfterMs);
  else if (isAlone) leave();
  else {
    tell({ news: "idle" });
    linger = setTimeout(leave, lingerMs);
  }
}

function leave(): void {
  process.exit(0);
}

process.umask(0o077);
mkdirSync(folder, { recursive: true, mode: 0o700 });
process.title = `xm rotator (${folder})`;
for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.on(signal, () => {});
for (const note of recoverRotation(folder)) tell({ news: "note", text: note });
onLines(process.stdin, (line) => obey(JSON.parse(line) as RotatorOrder));
// God has gone: what was begun is finished, and the next one sees to the rest.
process.stdin.on("close", () => {
  isAlone = true;
  if (!isBusy) leave();
});
process.stdin.on("error", () => {});
linger = setTimeout(leave, lingerMs);
