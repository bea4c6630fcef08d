import { statfsSync } from "node:fs";
import type { Disk } from "../../machines/log-space.ts";

/** The disk that a folder is on. @throws the errno of statfs(2) */
export function readDisk(folder: string): Disk {
  const { bsize, blocks, bavail } = statfsSync(folder);
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
}
