import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../contract/errors.ts";
import { syncDirectory, writeTemporary } from "../../host/atomic.ts";
import type { Image } from "./image.ts";
import { segmentPaths } from "./segment.ts";
import { encodeSnapshot } from "./snapshot.ts";

/*
 * Compaction, and why a crash between any two steps loses nothing. Recovery takes the newest snapshot there is and
 * the records numbered after it, from whichever segment holds them, so a step is right when every record after the
 * newest snapshot that validates is still in a segment:
 *
 *   snapshot.written      the new snapshot is on disk under a temporary name: nothing has changed
 *   snapshot.previous     the old one is now snapshot.previous.json: it and the journal are what counts
 *   snapshot.current      the new one is in place: every record in the journal is in it as well
 *   snapshot.synced       ... and the machine may lose power
 *   segment.moved         once per file: the oldest is replaced, the rest move up; a gap in the names does no harm
 *   segment.synced        the journal's own name is free: the next write makes a new file
 *
 * Segments move only when the journal has grown to its limit and a snapshot has just been made, so those between
 * the previous snapshot and the current one are never among the ones replaced: should the current snapshot be
 * destroyed later, the previous one and the segments give the same state.
 */

/** Where a compaction is; for tests that let the daemon die there. */
export type CompactionStep =
  | "snapshot.written"
  | "snapshot.previous"
  | "snapshot.current"
  | "snapshot.synced"
  | "segment.moved"
  | "segment.synced";

export type OnStep = (step: CompactionStep) => void;

/**
 * Writes the image as the newest snapshot, the one before becoming the previous.
 * @returns its size in characters.
 * @throws the errno of what failed.
 */
export function writeSnapshot(options: {
  directory: string;
  image: Image;
  /** The last record the image holds. */
  seq: number;
  at: number;
  onStep: OnStep;
}): number {
  const { directory, image, seq, at, onStep } = options;
  const path = join(directory, "snapshot.json");
  const text = encodeSnapshot(image, seq, at);
  const temporary = writeTemporary(path, [text]);
  onStep("snapshot.written");
  renameIfThere(path, join(directory, "snapshot.previous.json"));
  onStep("snapshot.previous");
  renameSync(temporary, path);
  onStep("snapshot.current");
  syncDirectory(directory);
  onStep("snapshot.synced");
  return text.length;
}

/** Moves every segment one name up. The journal must be closed and on disk, its records in a snapshot. */
export function rotateSegments(directory: string, onStep: OnStep): void {
  const paths = segmentPaths(directory);
  for (const [i, path] of paths.entries()) {
    const older = paths[i - 1];
    if (older === undefined) continue;
    renameIfThere(path, older);
    onStep("segment.moved");
  }
  syncDirectory(directory);
  onStep("segment.synced");
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") return;
    // Something of another kind has taken the older name: a folder, where a file belongs.
    if (errno !== "EISDIR" && errno !== "ENOTEMPTY" && errno !== "ENOTDIR") throw error;
    rmSync(to, { recursive: true, force: true });
    renameSync(from, to);
  }
}

/**
 * How long declarations wait for the next snapshot; ms. A snapshot holds everything, so that one for every quarter of a
 * second of a long list would cost its square, and no request would be answered meanwhile: a twentieth of the time goes to requests.
 * @param tookMs what the latest one has cost.
 */
export function pauseAfter(tookMs: number): number {
  return Math.max(250, tookMs * 19);
}
