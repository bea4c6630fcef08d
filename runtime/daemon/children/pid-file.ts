import { constants, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "../../contract/errors.ts";

/** A pid file serves scripts; that it cannot be written must not keep a program from running. */
const tolerated: readonly string[] =
  "ENOENT EACCES EROFS ENOSPC ENOTDIR EPERM EISDIR ELOOP ENAMETOOLONG ENXIO EAGAIN".split(" ");

/** A pipe is not waited for. */
const { O_NONBLOCK, O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC } = constants;
const writing = {
  mode: 0o600,
  flag: (O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK) as unknown as string,
};
const reading = { encoding: "utf8", flag: (O_RDONLY | O_NONBLOCK) as unknown as string } as const;

export function writePidFile(path: string | null, pid: number): void {
  if (path === null) return;
  try {
    writeFileSync(path, `${pid}\n`, writing);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") makeFolderAndWrite(path, pid);
    else if (!tolerated.includes(errnoOf(error) ?? "")) throw error;
  }
}

/** Removes the file of a process that has ended, unless its replacement has written it anew. */
export function removePidFile(path: string | null, pid: number): void {
  if (path === null) return;
  try {
    if (Number(readFileSync(path, reading)) !== pid) return;
    rmSync(path, { force: true });
  } catch (error) {
    if (!tolerated.includes(errnoOf(error) ?? "")) throw error;
  }
}

function makeFolderAndWrite(path: string, pid: number): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${pid}\n`, writing);
  } catch (error) {
    if (!tolerated.includes(errnoOf(error) ?? "")) throw error;
  }
}
