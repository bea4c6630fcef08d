import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  ftruncateSync,
  openSync,
  type Stats,
} from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../contract/errors.ts";
import { isOwnedByUs, PlaceError, walkTo, type FileOwner, type Place } from "./place.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_TRUNC } = constants;
const O_PATH = 0o10000000;

export interface OpenOptions {
  /** Of open(2); `O_NONBLOCK` is always added. */
  readonly flags: number;
  /** Of a file that is made, before the umask; 0600. */
  readonly mode?: number;
  /** The app's user, where it is not this process's own: what is made where that user can write is theirs. */
  readonly owner?: FileOwner | undefined;
  /** Missing folders are made, with these rights before the umask. */
  readonly folderMode?: number;
}

/**
 * Opens a file that an app, or its user, may have had a hand in: the one way in which a daemon opens what a declaration
 * names (`place.ts` says what that protects against). Never waits, whatever is there.
 * @returns the descriptor and what it is. Where others can write it is a plain file with one name; in a trusted folder it
 *   may be a pipe or a device too.
 * @throws `PlaceError` for what is refused, and the errno of what failed.
 */
export function openPlace(path: string, options: OpenOptions): { descriptor: number; stat: Stats } {
  const { flags, mode = 0o600, owner, folderMode } = options;
  const makeFolders = folderMode === undefined ? {} : { makeFolders: { mode: folderMode, owner } };
  const place = walkTo(path, makeFolders);
  try {
    if (place.isTrusted) {
      const descriptor = openSync(place.at, flags | O_NONBLOCK, mode);
      return { descriptor, stat: fstatSync(descriptor) };
    }
    return openAmongOthers(place, { flags, mode, owner });
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replaceAll(place.at, path);
    throw error;
  } finally {
    place.close();
  }
}

/** Where others can put something in. */
function openAmongOthers(
  place: Place,
  options: Required<Pick<OpenOptions, "flags" | "mode">> & { owner: FileOwner | undefined },
): { descriptor: number; stat: Stats } {
  const { flags, mode, owner } = options;
  if ((flags & O_CREAT) !== 0) {
    try {
      const own = flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK;
      const descriptor = openSync(place.at, own, mode);
      if (owner !== undefined) fchownSync(descriptor, owner.uid, owner.gid);
      return { descriptor, stat: fstatSync(descriptor) };
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
  }
  // Looked at before it is opened: to open a pipe or a device does something already.
  const held = openSync(place.at, O_PATH | O_NOFOLLOW);
  try {
    assertPlain(fstatSync(held), join(place.folder, place.name), owner);
    const plain = flags & ~(O_CREAT | O_TRUNC | O_EXCL | O_NOFOLLOW);
    const descriptor = openSync(`/proc/self/fd/${held}`, plain | O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if ((flags & O_TRUNC) !== 0) ftruncateSync(descriptor, 0);
    return { descriptor, stat };
  } finally {
    closeSync(held);
  }
}

function assertPlain(stat: Stats, path: string, owner: FileOwner | undefined): void {
  const refuse = (fault: string): never => {
    throw new PlaceError(
      `${path} is ${fault}, in a folder that users other than the daemon's can write to; remove it, or name another file`,
    );
  };
  if (stat.isSymbolicLink()) refuse("a symbolic link");
  if (stat.isFIFO()) refuse("a pipe");
  if (stat.isSocket()) refuse("a socket");
  if (stat.isDirectory()) refuse("a folder");
  if (!stat.isFile()) refuse("a device");
  if (stat.nlink !== 1) refuse(`a file with ${stat.nlink} names (hard links)`);
  if (!isOwnedByUs(stat) && owner !== undefined && stat.uid !== owner.uid) {
    refuse(`a file of user ${stat.uid}`);
  }
}
