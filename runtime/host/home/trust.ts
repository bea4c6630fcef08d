import { readFileSync, statSync } from "node:fs";
import { xmError } from "../../contract/errors.ts";
import type { HomePaths } from "./paths.ts";

/** A home of more bytes is refused: every part of it has a name that the tools of a system can still show and use. */
const longestHomeBytes = 100;

/**
 * Who can write a home decides what its daemon runs, and who answers at its socket gets what its commands hold. So both
 * the daemon and its clients refuse a home, its state or its socket that belongs to another user, or that others
 * may write. Root is not an exception: it would run what a user has written there.
 * @throws `ERR_HOME_TOO_LONG`, `ERR_HOME_UNUSABLE` with the owner's name and what helps.
 */
export function assertTrustworthy(paths: Pick<HomePaths, "home" | "state" | "socket">): void {
  const { home, state, socket } = paths;
  if (Buffer.byteLength(home) > longestHomeBytes) {
    throw xmError("ERR_HOME_TOO_LONG", { home, maxBytes: longestHomeBytes });
  }
  for (const path of [home, state, socket]) {
    const fault = faultOf(path);
    if (fault !== undefined) throw xmError("ERR_HOME_UNUSABLE", { home, ...fault });
  }
}

/** A missing path has no fault. */
function faultOf(path: string): { why: string; fix: string } | undefined {
  const stat = statIfThere(path);
  if (stat === undefined) return undefined;
  const other = otherOwner(path);
  if (other !== undefined) {
    const fix = `run it as ${other.owner}, or choose a home of your own with XM_HOME`;
    return { why: other.why, fix };
  }
  if ((stat.mode & 0o022) !== 0) {
    const mode = (stat.mode & 0o777).toString(8);
    return {
      why: `other users can write ${path} (mode ${mode})`,
      fix: `check its contents, then run \`chmod go-w ${path}\``,
    };
  }
  return undefined;
}

/** Whose a path is, when it is another user's. */
export function otherOwner(path: string): { owner: string; why: string } | undefined {
  const [stat, self] = [statIfThere(path), process.geteuid?.()];
  if (stat === undefined || self === undefined || stat.uid === self) return undefined;
  const owner = userName(stat.uid);
  return { owner, why: `${path} belongs to ${owner}, and this runs as ${userName(self)}` };
}

/** A path that cannot be checked is not a reason here: the user of the path gets the kernel's own answer. */
function statIfThere(path: string): { uid: number; mode: number } | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function userName(uid: number): string {
  const name = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([, , id]) => id === String(uid))?.[0];
  return name === undefined ? `user ${uid}` : `${name} (uid ${uid})`;
}
