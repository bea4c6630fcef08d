import { readdirSync, readFileSync, rmSync, writeFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "./errors.ts";

/*
 * What God and the lane know of each other is a folder, so that either can die and be followed by another: `N.fifo`
 * is a pipe, `N.json` says what becomes of its lines and is there for as long as the pipe is in use, `N.rest` is what
 * the lane has taken out of the pipe and may not have written. God writes `N.json` before the program starts; the
 * lane removes it when the last writer has gone and every line is written. Beside the folder there is one socket, on
 * which God says that something is new, and by whose end each learns of the other's.
 */

/** What becomes of the lines of one pipe. Paths are absolute. */
export interface PipeOrder {
  readonly id: number;
  readonly name: string;
  readonly stream: "out" | "err";
  readonly file: string | null;
  readonly combined: string | null;
  readonly type: "plain" | "json";
  readonly dateFormat: string | null;
}

/** From God. */
export type LaneCommand =
  /** There is a new pipe. */
  | { order: "look" }
  /** Open every log file again. */
  | { order: "reopen" }
  /** End once every pipe has. */
  | { order: "quit" }
  /** End now: another lane takes over. */
  | { order: "leave" };

/** To God. */
export type LaneNews = { news: "hello"; build: string; pid: number } | { news: "reopened" };

export const fifoOf = (folder: string, number: number): string => join(folder, `${number}.fifo`);
export const restOf = (folder: string, number: number): string => join(folder, `${number}.rest`);
const orderOf = (folder: string, number: number): string => join(folder, `${number}.json`);
export const socketOf = (folder: string): string => join(folder, "lane.sock");

/** The numbers of the files with an ending: `fifo` for every pipe there is, `json` for those in use. */
export function numbersOf(folder: string, ending: "fifo" | "json"): number[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(`.${ending}`))
      .map((name) => Number.parseInt(name, 10));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return [];
  }
}

/** Whole or not at all: the lane may look at any moment. */
export function writeOrder(folder: string, number: number, order: PipeOrder): void {
  const path = orderOf(folder, number);
  writeFileSync(`${path}.new`, JSON.stringify(order), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** @returns `undefined` for one that is gone, or that nobody of ours has written. */
export function readOrder(folder: string, number: number): PipeOrder | undefined {
  try {
    return JSON.parse(readFileSync(orderOf(folder, number), "utf8")) as PipeOrder;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function removeOrder(folder: string, number: number): void {
  rmSync(restOf(folder, number), { force: true });
  rmSync(orderOf(folder, number), { force: true });
}
