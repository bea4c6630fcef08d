/*
 * Which rotated log files of a whole home go when they take too much together, or when a disk is nearly full: pure. What is
 * written to is never among them.
 */

/** What is set for a home. */
export interface LogSpaceRule {
  /** What the rotated files of all its log files may take together; `null` for no limit. */
  readonly maxTotalBytes: number | null;
  /** What is to stay free on each disk that has some of them; `null` for nothing. */
  readonly minFree: { readonly bytes: number } | { readonly percent: number } | null;
}

export interface Disk {
  readonly totalBytes: number;
  /** For users without special rights. */
  readonly freeBytes: number;
}

/** How much is missing on a disk; bytes. 0 when there is enough. */
export function missingOn({ totalBytes, freeBytes }: Disk, { minFree }: LogSpaceRule): number {
  if (minFree === null) return 0;
  const wanted = "bytes" in minFree ? minFree.bytes : (totalBytes * minFree.percent) / 100;
  return Math.max(0, Math.ceil(wanted - freeBytes));
}

interface Candidate {
  readonly path: string;
  readonly bytes: number;
  /** When it was rotated; ms since the epoch. */
  readonly at: number;
  /** The disk that it is on. */
  readonly disk: number;
}

/**
 * The files that are to go, oldest first.
 * @param missing how much is missing on each disk.
 */
export function toRemoveForSpace<T extends Candidate>(
  files: readonly T[],
  { maxTotalBytes }: Pick<LogSpaceRule, "maxTotalBytes">,
  missing: ReadonlyMap<number, number>,
): T[] {
  const left = new Map(missing);
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const oldestFirst = files.toSorted((a, b) => a.at - b.at || (a.path < b.path ? -1 : 1));
  return oldestFirst.filter(({ bytes, disk }) => {
    const onDisk = left.get(disk) ?? 0;
    const isTooMuch = maxTotalBytes !== null && total > maxTotalBytes;
    if (!isTooMuch && onDisk <= 0) return false;
    total -= bytes;
    left.set(disk, onDisk - bytes);
    return true;
  });
}
