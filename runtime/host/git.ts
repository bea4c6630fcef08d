import { dirname, join, resolve } from "node:path";
import type { Checkout } from "../../machines/facts.ts";
import { errnoOf } from "../contract/errors.ts";
import { PlaceError } from "./files/place.ts";
import { readAmongOthers } from "./files/read.ts";

/*
 * What a folder's git repository has checked out, read from git's own files (gitrepository-layout(5)): no program is started.
 * Whoever can write the folder can write these files, so of each no more is taken than what has the form of a branch, a commit or an
 * address, and no link of theirs is followed: it could lead to a device, which does something when it is opened.
 */

const mostBytes = 4 * 1024 * 1024;
const commitForm = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** @returns `undefined` for a folder that is in no repository. */
export function readCheckout(folder: string): Checkout | undefined {
  for (let root = resolve(folder); ; root = dirname(root)) {
    const own = gitFolder(root);
    const head = own === undefined ? undefined : read(join(own, "HEAD"))?.trim();
    if (own !== undefined && head !== undefined) return checkoutOf({ root, own, head });
    if (root === dirname(root)) return undefined;
  }
}

/** `.git` is a folder, or in a worktree and a submodule a file that names one. */
function gitFolder(root: string): string | undefined {
  const path = join(root, ".git");
  const [, named] = /^gitdir: ([^\n]+)\n?$/.exec(read(path) ?? "") ?? [];
  return named === undefined ? path : resolve(root, named);
}

function checkoutOf({
  root,
  own,
  head,
}: {
  root: string;
  own: string;
  head: string;
}): Checkout | undefined {
  // A worktree has its own HEAD, and shares the rest.
  const shared = resolve(own, read(join(own, "commondir"))?.trim() ?? ".");
  const [, ref] = /^ref: (refs\/[^\s\\]+)$/.exec(head) ?? [];
  const remote = remoteOf(read(join(shared, "config")) ?? "");
  if (ref === undefined) {
    return commitForm.test(head) ? { root, branch: null, commit: head, remote } : undefined;
  }
  if (ref.split("/").includes("..")) return undefined;
  const commit = [read(join(own, ref)), read(join(shared, ref)), packed(shared, ref)]
    .map((each) => each?.trim())
    .find((each) => each !== undefined && commitForm.test(each));
  return { root, branch: ref.replace(/^refs\/heads\//, ""), commit: commit ?? null, remote };
}

function packed(shared: string, ref: string): string | undefined {
  const lines = read(join(shared, "packed-refs"))?.split("\n") ?? [];
  return lines.find((line) => line.endsWith(` ${ref}`))?.split(" ")[0];
}

function remoteOf(config: string): string | null {
  const addresses = new Map<string, string>();
  let section: string | undefined;
  for (const line of config.split("\n")) {
    const header = /^\s*\[(.*)\]\s*$/.exec(line)?.[1];
    if (header !== undefined) section = /^remote "(.+)"$/.exec(header)?.[1];
    const url = /^\s*url\s*=\s*(\S+)\s*$/.exec(line)?.[1];
    if (section !== undefined && url !== undefined && !addresses.has(section)) {
      addresses.set(section, url);
    }
  }
  const [first] = addresses.values();
  const address = addresses.get("origin") ?? first;
  return address === undefined ? null : withoutPassword(address);
}

/** An address without the user and the password that may be in it. */
export function withoutPassword(address: string): string {
  return address.replace(/^([a-z+]+:\/\/)[^/@]*@/, "$1");
}

/** Nothing where there is no file that can be read. */
function read(path: string): string | undefined {
  try {
    return readAmongOthers(path, mostBytes);
  } catch (error) {
    if (!(error instanceof PlaceError) && errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
