import { closeSync, constants, fstatSync, readSync } from "node:fs";
import type { LogPaths } from "../../../machines/spec.ts";
import type { Check } from "../../../machines/probes.ts";
import { errnoOf } from "../../contract/errors.ts";
import { openPlain } from "../../host/files/read.ts";

/** Where a life's part of its log files begins; bytes. */
export interface LogPlaces {
  readonly out: number;
  readonly error: number;
}

/** Read of a file at a time. */
const mostBytes = 64 * 1024;

/** Pieces read at each call: an app that writes without a pause does not hold the daemon up. */
const mostPieces = 16;

/** Whether a text has been written by this life; each call reads on from where the one before stopped. */
export function readLogs(
  { text, stream }: Pick<Extract<Check, { kind: "log" }>, "text" | "stream">,
  logs: LogPaths,
  begin: LogPlaces,
): () => boolean {
  const files = [
    ...(stream === "err" ? [] : [{ path: logs.out, at: begin.out, tail: "" }]),
    ...(stream === "out" ? [] : [{ path: logs.error, at: begin.error, tail: "" }]),
  ];
  let isFound = false;
  return () => {
    for (const file of files) {
      const { path } = file;
      if (isFound || path === null) continue;
      for (let pieces = 0; pieces < mostPieces; pieces += 1) {
        const piece = readFrom(path, file.at);
        file.at += piece.length;
        const read = file.tail + piece.toString("utf8");
        if (read.includes(text)) isFound = true;
        file.tail = read.slice(-text.length);
        if (piece.length < mostBytes) break;
      }
    }
    return isFound;
  };
}

function readFrom(path: string, at: number): Buffer {
  let fd: number;
  try {
    fd = openPlain(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    // Not there yet, no plain file, or no descriptors are left: asked again.
    if (errnoOf(error) === undefined) throw error;
    return Buffer.alloc(0);
  }
  try {
    const { size } = fstatSync(fd);
    if (size <= at) return Buffer.alloc(0);
    const bytes = Buffer.alloc(Math.min(mostBytes, size - at));
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, at));
  } finally {
    closeSync(fd);
  }
}
