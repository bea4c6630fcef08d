import { readFileSync } from "node:fs";

/** A file of proc(5); empty when its process is gone: it may end between its listing and its reading. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Pids of the children of a process. */
export function childrenOf(pid: number): number[] {
  const children = textOf(`/proc/${pid}/task/${pid}/children`);
  return children.trim().split(" ").filter(Boolean).map(Number);
}
