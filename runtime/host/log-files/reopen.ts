import {
  closeSync,
  ftruncateSync,
  openSync,
  readlinkSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { copyFile } from "node:fs/promises";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { openLog } from "./open.ts";

/** A process and the files it may be writing to by itself. */
export interface LogWriter {
  readonly name: string;
  readonly pid: number | null;
  readonly files: readonly string[];
}

/**
 * Makes log files anew that were renamed or removed while programs write to them. A program keeps the file that it
 * has open, under whatever name, so its file gets its old name back, and what was in it goes into a copy under the new
 * one. A file that has no name any more cannot get one: its program writes into it until it is started anew.
 * @returns the files that are there now, and what could not be done.
 */
export async function reopenLogs(
  writers: readonly LogWriter[],
): Promise<{ files: string[]; notes: string[] }> {
  const files = new Set<string>();
  const notes: string[] = [];
  for (const { name, pid, files: own } of writers) {
    const open =
      pid === null ? [] : [1, 2].flatMap((descriptor) => openFile(pid, descriptor) ?? []);
    for (const path of own) {
      if (files.has(path)) continue;
      files.add(path);
      try {
        const former = open.find((each) => wasNamed(each, path, own));
        if (former?.isRemoved === true) {
          notes.push(`${name} writes into a removed ${path} until it is restarted`);
        } else if (former !== undefined) await bringBack(former.path, path);
        closeSync(openLog(path));
      } catch (error) {
        notes.push(`${path}: ${messageOf(error)}`);
      }
    }
  }
  return { files: [...files], notes };
}

interface OpenFile {
  readonly descriptor: number;
  readonly path: string;
  readonly isRemoved: boolean;
}

function openFile(pid: number, descriptor: number): OpenFile | undefined {
  try {
    const link = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
    if (!link.startsWith("/") || link.startsWith("/dev/")) return undefined;
    const isRemoved = link.endsWith(" (deleted)");
    return { descriptor, path: link.replace(/ \(deleted\)$/, ""), isRemoved };
  } catch (error) {
    if (["ENOENT", "EACCES", "EPERM"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** Whether an open file is the one that a path named: its output's is the first, its errors' the second. */
function wasNamed(
  { descriptor, path: now, isRemoved }: OpenFile,
  path: string,
  files: readonly string[],
): boolean {
  if (now === path) return isRemoved;
  if (files.includes(now) || now.endsWith(".fifo")) return false;
  return files[Math.min(descriptor, files.length) - 1] === path;
}

/** The copy is made while the program writes; what comes meanwhile is taken over at the end. */
async function bringBack(now: string, path: string): Promise<void> {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw new Error(`is not empty, and its program writes to ${now}`);
  }
  const copy = `${now}.copying`;
  await copyFile(now, copy);
  let position = statSync(copy).size;
  const from = openSync(now, "r+");
  const to = openSync(copy, "a");
  try {
    const block = Buffer.alloc(64 * 1024);
    renameSync(now, path);
    for (;;) {
      const length = readSync(from, block, 0, block.length, position);
      if (length === 0) break;
      writeSync(to, block, 0, length);
      position += length;
    }
    ftruncateSync(from, 0);
    renameSync(copy, now);
  } finally {
    closeSync(from);
    closeSync(to);
  }
}
