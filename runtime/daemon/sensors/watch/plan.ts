import { lstatSync, statSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import type { Patterns } from "./patterns.ts";

/** Which folders are watched now: it follows from the declaration and from what is there. */
export interface Plan {
  /** Watched with all that is in them. */
  readonly deep: readonly string[];
  /** Watched for their direct entries: a watched file, or a path that does not exist yet. */
  readonly shallow: readonly string[];
  /** Watched paths that are not there. */
  readonly missing: readonly string[];
  /** Tells one plan from another, a folder that was made again from the one before too. */
  readonly key: string;
}

export function planOf({ watched }: Pick<Patterns, "watched">): Plan {
  const deep = new Set<string>();
  const shallow = new Set<string>();
  const missing = new Set<string>();
  const identities = new Set<string>();
  for (const { root } of watched) {
    const stats = statOf(root);
    if (stats === undefined) {
      missing.add(root);
      shallow.add(nearestFolder(root));
    } else if (stats.isDirectory()) {
      deep.add(root);
      identities.add(`${root} ${identityOf(stats)}`);
      // A link may be set to another folder, which that folder does not notice.
      if (lstatSync(root, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
        shallow.add(dirname(root));
      }
    } else {
      shallow.add(dirname(root));
    }
  }
  for (const folder of shallow) {
    const stats = statOf(folder);
    if (stats !== undefined) identities.add(`${folder} ${identityOf(stats)}`);
  }
  return {
    deep: [...deep],
    shallow: [...shallow],
    missing: [...missing],
    key: [...identities, ...missing].sort().join("\n"),
  };
}

/** An inode's number is given out again: the time of its birth tells them apart, where the file system knows one. */
export function identityOf({ ino, birthtimeMs }: Pick<Stats, "ino" | "birthtimeMs">): string {
  return `${ino}:${birthtimeMs}`;
}

function nearestFolder(path: string): string {
  const folder = dirname(path);
  return folder === path || statOf(folder)?.isDirectory() === true ? folder : nearestFolder(folder);
}

/** A path that cannot be checked counts as missing. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
