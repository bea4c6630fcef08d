import * as v from "valibot";
import type { LogToRotate, RotationOutcome } from "./rotation.ts";

/*
 * What God and the lane know of each other is a folder, so that either can die and be followed by another: `N.fifo`
 * is a pipe, `N.json` says what becomes of its lines and is there for as long as the pipe is in use, `N.rest` is what
 * the lane has taken out of the pipe and may not have written. God writes `N.json` before the program starts; the
 * lane removes it when the last writer has gone and every line is written. Beside the folder there is one socket, on
 * which God says that something is new, and by whose end each learns of the other's.
 */

const path = v.nullable(v.pipe(v.string(), v.startsWith("/"), v.maxLength(4_096)));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** What becomes of the lines of one pipe. Paths are absolute. */
export const pipeOrderSchema = v.object({
  id: count,
  name: v.string(),
  stream: v.picklist(["out", "err"]),
  file: path,
  combined: path,
  type: v.picklist(["plain", "json", "pairs", "labelled"]),
  dateFormat: v.nullable(v.string()),
  /** The app's user, where it is not the daemon's own. */
  owner: v.optional(v.nullable(v.object({ uid: count, gid: count }))),
  /** With which files outside the home are made; `null` is the daemon's own, 077. */
  umask: v.optional(v.nullable(v.pipe(count, v.maxValue(0o777)))),
});

export type PipeOrder = Readonly<v.InferOutput<typeof pipeOrderSchema>>;

/** From God. */
export type LaneCommand =
  /** There is a new pipe. */
  | { order: "look" }
  /** Open every log file again. */
  | { order: "reopen" }
  /** Give a log file another name, after a whole line, and continue in a new one. */
  | { order: "rotate"; log: LogToRotate }
  /** End once every pipe has. */
  | { order: "quit" }
  /** End now: another lane takes over. */
  | { order: "leave" };

/** To God. */
export type LaneNews =
  | { news: "hello"; build: string; pid: number }
  | { news: "reopened" }
  | { news: "rotated"; file: string; outcome: RotationOutcome };
