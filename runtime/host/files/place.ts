import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  type Stats,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { errnoOf } from "../../contract/errors.ts";

/*
 * Walks to a file without trusting the path: its target is decided by anyone who can write to one of its
 * folders, so the folders are entered one after the other, each held by a descriptor and never looked up twice. A
 * folder is trusted while every folder down to it belongs to root or to this process's user, and no other may write to
 * it: in there symbolic links are followed, as what an administrator has set up (`out.log -> /dev/stdout`). From the
 * first folder on that others can write to nothing is followed any more, neither by a link nor by a second name
 * of a file (a hard link), and the file that is found has to be a plain one.
 * Does not protect against root, nor against who is this process's user.
 * Model: openat2(2) with RESOLVE_NO_SYMLINKS, which Node does not have; `/proc/self/fd/N/NAME` is its openat(2).
 */

/** Numbers of the user that files and folders are made for, where it is not this process's own. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

export interface Place {
  /** Of the folder the last name is in, held until `close`. */
  readonly folder: string;
  readonly name: string;
  /** Only root and this process's user decide what is there. */
  readonly isTrusted: boolean;
  /** The name to use in system calls: it leads through the descriptor. */
  readonly at: string;
  close(): void;
}

/** What is refused, and what to do instead. */
export class PlaceError extends Error {
  readonly code = "ERR_PLACE_REFUSED";
}

export interface WalkOptions {
  /** Missing folders are made, with these rights before the umask, for this user. */
  readonly makeFolders?: { readonly mode: number; readonly owner?: FileOwner | undefined };
  /** The last name is not followed in a trusted folder either: it is about to be removed or replaced. */
  readonly keepsLink?: boolean;
}

/** Linux's number on every machine that Node is built for; Node has no name for it. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = constants;
const asFolder = O_PATH | O_DIRECTORY | O_NOFOLLOW;

/** The kernel's own limit (path_resolution(7)). */
const mostLinks = 40;

/**
 * The folder of a file, and its name there.
 * @throws `PlaceError`, or the errno of what failed.
 */
export function walkTo(path: string, options: WalkOptions = {}): Place {
  const absolute = resolve(path);
  const known = trustedFolder(dirname(absolute));
  if (known) {
    const place = {
      folder: dirname(absolute),
      name: absolute.slice(absolute.lastIndexOf("/") + 1),
    };
    const link = options.keepsLink === true ? undefined : linkAt(absolute);
    if (link === undefined || isMagic(absolute)) {
      return { ...place, isTrusted: true, at: absolute, close: () => {} };
    }
  }
  return walk(absolute, options);
}

function walk(path: string, options: WalkOptions): Place {
  const names = path.split("/").filter(Boolean);
  let shown = "/";
  let descriptor = openSync("/", asFolder);
  let folder = fstatSync(descriptor);
  let isTrusted = isOurs(folder);
  let links = 0;
  try {
    for (;;) {
      const name = names.shift();
      if (name === undefined) throw Object.assign(new PlaceError(`${path} is a folder`));
      const at = `/proc/self/fd/${descriptor}/${name}`;
      const isLast = names.length === 0;
      const stat = lstatSync(at, { throwIfNoEntry: false });
      if (stat?.isSymbolicLink() && !(isLast && options.keepsLink === true)) {
        const link = join(shown, name);
        if (!isTrusted || !isOwnedByUs(stat)) throw refusedLink(link, isTrusted ? stat : folder);
        if (!(isLast && isMagic(link))) {
          links += 1;
          if (links > mostLinks)
            throw Object.assign(new Error(`ELOOP: too many links, ${path}`), { code: "ELOOP" });
          const target = readlinkSync(at);
          names.unshift(...target.split("/").filter((each) => each !== "" && each !== "."));
          if (names.length === 0) throw new PlaceError(`${path} leads to a folder`);
          if (!target.startsWith("/")) continue;
          const root = openSync("/", asFolder);
          closeSync(descriptor);
          descriptor = root;
          folder = fstatSync(descriptor);
          isTrusted = isOurs(folder);
          shown = "/";
          continue;
        }
      }
      if (isLast) {
        const held = descriptor;
        descriptor = -1;
        return { folder: shown, name, isTrusted, at, close: () => closeSync(held) };
      }
      const next = enter({
        at,
        isThere: stat !== undefined,
        path: join(shown, name),
        options,
        isTrusted,
      });
      closeSync(descriptor);
      descriptor = next;
      const inside = fstatSync(descriptor);
      // Nobody else can rename or remove what is ours in a folder with the sticky bit, as in /tmp.
      isTrusted = (isTrusted || (isSticky(folder) && isOwnedByUs(folder))) && isOurs(inside);
      folder = inside;
      shown = join(shown, name);
    }
  } finally {
    if (descriptor !== -1) closeSync(descriptor);
  }
}

function enter(step: {
  at: string;
  isThere: boolean;
  path: string;
  options: WalkOptions;
  isTrusted: boolean;
}): number {
  const {
    at,
    isThere,
    path,
    isTrusted,
    options: { makeFolders },
  } = step;
  let isMade = false;
  if (!isThere && makeFolders !== undefined) {
    try {
      mkdirSync(at, { mode: makeFolders.mode });
      isMade = true;
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw named(error, path);
    }
  }
  let descriptor: number;
  try {
    descriptor = openSync(at, asFolder);
  } catch (error) {
    throw named(error, path);
  }
  if (isMade && !isTrusted && makeFolders?.owner !== undefined) giveFolder(at, makeFolders.owner);
  return descriptor;
}

/**
 * Whoever may write to the folder around it may have put another one there meanwhile: an empty one of ours is worth
 * nothing to them, since they could remove it and make their own.
 */
function giveFolder(at: string, { uid, gid }: FileOwner): void {
  const descriptor = openSync(at, constants.O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    if (
      fstatSync(descriptor).uid !== ownUid ||
      readdirSync(`/proc/self/fd/${descriptor}`).length > 0
    )
      return;
    fchownSync(descriptor, uid, gid);
  } finally {
    closeSync(descriptor);
  }
}

const ownUid = process.geteuid?.() ?? 0;
const ownGid = process.getegid?.() ?? 0;

export function isOwnedByUs({ uid }: Stats): boolean {
  return uid === ownUid || uid === 0;
}

/** A folder that only root and this process's user can write to. */
function isOurs(stat: Stats): boolean {
  const { mode, gid } = stat;
  const isGroupOurs = gid === ownGid || gid === 0;
  return isOwnedByUs(stat) && (mode & 0o002) === 0 && ((mode & 0o020) === 0 || isGroupOurs);
}

function isSticky({ mode }: Stats): boolean {
  return (mode & 0o1000) !== 0;
}

/** What these lead to is not a path: `/proc/PID/fd/1` is the very file that is open. */
function isMagic(path: string): boolean {
  return path.startsWith("/proc/");
}

function linkAt(path: string): Stats | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isSymbolicLink() ? stat : undefined;
}

function refusedLink(path: string, { uid }: Stats): PlaceError {
  return new PlaceError(
    `${path} is a symbolic link that user ${uid} may have put there; name the file itself, or keep it in a folder that only its daemon's user can write to`,
  );
}

/** With the path as it was named, instead of the descriptor's. */
function named(error: unknown, path: string): unknown {
  if (error instanceof Error)
    error.message = error.message.replace(/\/proc\/self\/fd\/\d+\/[^']*/, path);
  return error;
}

/** Folders that were found to be trusted, for a while: only root and our own user can change that. */
const trusted = new Map<string, number>();
const trustedForMs = 5_000;
const mostKnown = 1_000;

function trustedFolder(folder: string): boolean {
  const now = performance.now();
  const until = trusted.get(folder);
  if (until !== undefined && now < until) return true;
  trusted.delete(folder);
  if (!isTrustedWithoutLinks(folder)) return false;
  if (trusted.size >= mostKnown) trusted.clear();
  trusted.set(folder, now + trustedForMs);
  return true;
}

function isTrustedWithoutLinks(folder: string): boolean {
  try {
    for (let path = folder, below: Stats | undefined; ; path = dirname(path)) {
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined || !stat.isDirectory()) return false;
      const isSafeAround = below !== undefined && isSticky(stat) && isOwnedByUs(stat);
      if (!isOurs(stat) && !isSafeAround) return false;
      if (path === "/") return true;
      below = stat;
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
