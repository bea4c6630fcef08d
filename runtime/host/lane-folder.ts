import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { pipeOrderSchema, type PipeOrder } from "../contract/log-lane.ts";
import { namesIn } from "./files.ts";
import { readJsonFact } from "./files/read.ts";

export const fifoOf = (folder: string, number: number): string => join(folder, `${number}.fifo`);
export const restOf = (folder: string, number: number): string => join(folder, `${number}.rest`);
export const orderOf = (folder: string, number: number): string => join(folder, `${number}.json`);
export const socketOf = (folder: string): string => join(folder, "lane.sock");

/** The numbers of the files with an ending: `fifo` for every pipe there is, `json` for those in use. */
export function numbersOf(folder: string, ending: "fifo" | "json"): number[] {
  return namesIn(folder)
    .filter((name) => name.endsWith(`.${ending}`))
    .map((name) => Number.parseInt(name, 10));
}

/** Whole or not at all: the lane may look at any moment. */
export function writeOrder(folder: string, number: number, order: PipeOrder): void {
  const path = orderOf(folder, number);
  writeFileSync(`${path}.new`, JSON.stringify(order), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** @returns `undefined` for one that is gone, or that we have not written. */
export function readOrder(folder: string, number: number): PipeOrder | undefined {
  const order = v.safeParse(pipeOrderSchema, readJsonFact(orderOf(folder, number), 1024 * 1024));
  return order.success ? order.output : undefined;
}

export function removeOrder(folder: string, number: number): void {
  rmSync(restOf(folder, number), { force: true });
  rmSync(orderOf(folder, number), { force: true });
}
