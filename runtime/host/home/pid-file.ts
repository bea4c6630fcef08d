import { readFileSync } from "node:fs";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { readProcess } from "../procfs.ts";
import { writeFileAtomic } from "../atomic.ts";
import { removeIfThere } from "../files.ts";
import { readFact } from "../files/read.ts";

/**
 * Writes the daemon's pid file. PM2's own daemon may live in the same home and be named by the same file
 * (`pm2.pid`): then it is left to it, since its client ends what the file names.
 */
export function writeDaemonPid(file: string, log: (line: string) => void): void {
  const other = readPid(file);
  if (other !== undefined && isPm2(other)) {
    log(`${file} belongs to a running PM2 daemon (pid ${other})`);
    return;
  }
  try {
    writeFileAtomic(file, `${process.pid}\n`);
  } catch (error) {
    log(`${file} cannot be written: ${messageOf(error)}`);
  }
}

/** Removes the file unless it names another. */
export function removeDaemonPid(file: string): void {
  if (readPid(file) === process.pid) removeIfThere(file);
}

function readPid(file: string): number | undefined {
  // Missing, unreadable or not a file: it names no process.
  return Number(readFact(file, 64)) || undefined;
}

function isPm2(pid: number): boolean {
  if (readProcess(pid) === undefined) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("PM2 v");
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
