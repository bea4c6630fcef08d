import { closeSync, constants, lstatSync, readSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Checkout } from "../../machines/facts.ts";
import { errnoOf } from "../contract/errors.ts";
import { openPlace } from "./files/open.ts";
import { PlaceError } from "./files/place.ts";
import { readAmongOthers } from "./files/read.ts";
import { readCheckout, withoutPassword } from "./git.ts";

/*
 * What a folder has checked out, of the system whose files are nearest to it. As with git (`git.ts`) no program is started, and no more
 * is taken than what has the form of a branch, a commit or an address. Subversion keeps a database: it is known by its name.
 */

const mostBytes = 64 * 1024;

/** @returns `undefined` for a folder that is in no working copy. */
export function readWorkingCopy(folder: string): Checkout | undefined {
  const git = readCheckout(folder);
  for (let root = resolve(folder); ; root = dirname(root)) {
    if (git?.root === root) return git;
    if (isFolder(join(root, ".hg"))) return mercurialOf(root);
    if (isFolder(join(root, ".svn")))
      return { root, branch: null, commit: null, remote: null, system: "subversion" };
    if (root === dirname(root)) return undefined;
  }
}

function mercurialOf(root: string): Checkout {
  const own = join(root, ".hg");
  const branch = read(join(own, "branch"))?.trim() ?? "";
  const [, paths = ""] =
    /^\[paths\]\n((?:(?!\[).*\n?)*)/m.exec(read(join(own, "hgrc")) ?? "") ?? [];
  const remote = /^default\s*=\s*(\S+)\s*$/m.exec(paths)?.[1];
  return {
    root,
    branch: /^[^\s\p{C}]{1,200}$/u.test(branch) ? branch : "default",
    commit: parentOf(join(own, "dirstate")),
    remote: remote === undefined ? null : withoutPassword(remote),
    system: "mercurial",
  };
}

const secondForm = "dirstate-v2\n";

/** The first parent of the working folder: 20 bytes, at the beginning or behind the mark of the newer form. */
function parentOf(file: string): string | null {
  const head = Buffer.alloc(32);
  const isRead = orNothing(() => {
    const { descriptor, stat } = openPlace(file, { flags: constants.O_RDONLY });
    try {
      return stat.isFile() && readSync(descriptor, head, 0, head.length, 0) === head.length;
    } finally {
      closeSync(descriptor);
    }
  });
  if (isRead !== true) return null;
  const start = head.toString("latin1").startsWith(secondForm) ? secondForm.length : 0;
  const commit = head.subarray(start, start + 20).toString("hex");
  return /^0+$/.test(commit) ? null : commit;
}

/** A link is none. */
function isFolder(path: string): boolean {
  return orNothing(() => lstatSync(path).isDirectory()) ?? false;
}

const read = (path: string): string | undefined =>
  orNothing(() => readAmongOthers(path, mostBytes));

/** Nothing where there is no file that can be read. */
function orNothing<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof PlaceError) && errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
