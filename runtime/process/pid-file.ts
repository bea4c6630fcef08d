import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "../errors.ts";

/** A pid file serves scripts; that it cannot be written must not keep a program from running. */
const tolerated: readonly string[] = ["ENOENT", "EACCES", "EROFS", "ENOSPC", "ENOTDIR", "EPERM"];

export function writePidFile(path: string | null, pid: number): void {
  if (path === null) return;
  try {
    writeFileSync(path, `${pid}\n`, { mode: 0o600 });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") makeFolderAndWrite(path, pid);
    else if (!tolerated.includes(errnoOf(error) ?? "")) throw error;
  }
}

/** Removes the file of a process that has ended, unless its replacement has written it anew. */
export function removePidFile(path: string | null, pid: number): void {
  if (path === null) return;
  try {
    if (Number(readFileSync(path, "utf8")) !== pid) return;
    rmSync(path, { force: true });
  } catch (error) {
    if (!tolerated.includes(errnoOf(error) ?? "")) throw error;
  }
}

function makeFolderAndWrite(path: string, pid: number): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${pid}\n`, { mode: 0o600 });
  } catch (error) {
    if (!tolerated.includes(errnoOf(error) ?? "")) throw error;
  }
}
