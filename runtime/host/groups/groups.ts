import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { CgroupSpec } from "../../../machines/spec.ts";
import { errnoOf } from "../../contract/errors.ts";
import { attempt, denied, isOfDaemon, leave, outerOf, prepare, whyNot } from "./delegate.ts";
import { controllersOf, groupWrites } from "./files.ts";
import { groupsBelow, removeGroup } from "./group.ts";
import { findPlace, groupOfProcess } from "./place.ts";

/*
 * Groups for apps (cgroups version 2), all below one of the home's own, `xm-TAG`. Root makes that one at the top, beside the
 * groups of systemd's slices, where the restart of a service does not touch it. Another user needs a group that was delegated
 * to them: a group either has processes or passes controllers on, so the daemon first moves what is in it, itself too, into a
 * leaf. Nothing of this happens before the first app with such limits.
 */

export interface Groups {
  /**
   * Makes a group with its limits set.
   * @param name of one life; letters, digits, `-` and `_`.
   * @throws `ERR_LIMIT_DENIED` with the reason, and how to get the limit.
   */
  make(name: string, spec: CgroupSpec): string;
  /** The group of this home that a process is in. */
  of(pid: number): string | undefined;
  /** The group of this home that has a name. */
  find(name: string): string | undefined;
  /** Removes a group when it is empty. */
  remove(group: string): void;
  /**
   * Removes the empty groups that are left; a daemon that an app has started leaves the app's group.
   * @param isEnd nothing is about to enter one.
   * @returns whether none is left.
   */
  tidy(isEnd?: boolean): boolean;
}

export interface GroupOptions {
  readonly home: string;
  /** Of `/proc` and `/sys`; another one in tests. */
  readonly root?: string;
  readonly uid?: number;
  readonly log?: (line: string) => void;
  /** Whether a process may be moved because it is the daemon's own. */
  readonly isOwn?: (pid: number) => boolean;
}

/** A group is entered within this, or nobody will; ms. */
const freshForMs = 30_000;

export function homeTag(home: string): string {
  return `xm-${createHash("sha256").update(home).digest("hex").slice(0, 12)}`;
}

export function createGroups(options: GroupOptions): Groups {
  const { home, root = "/", uid = process.geteuid?.() ?? 0, log = () => {} } = options;
  const tag = homeTag(home);
  const isOwn = options.isOwn ?? ((pid: number) => isOfDaemon(pid, home));
  /** Known once the first one was made. */
  let known: string | undefined;
  /** When they were made: nothing may have entered one yet. */
  const fresh = new Map<string, number>();

  const baseNow = (): string | undefined => {
    if (known !== undefined) return known;
    const place = findPlace(tag, root);
    return typeof place === "string" ? undefined : join(outerOf(place, uid), tag);
  };
  const tidy: Groups["tidy"] = (isEnd = false) => {
    const base = baseNow();
    const place = findPlace(tag, root);
    if (base === undefined || typeof place === "string") return true;
    if (place.isWithinHome) leave(base, log);
    for (const [group, at] of fresh)
      if (isEnd || performance.now() - at > freshForMs) fresh.delete(group);
    for (const name of groupsBelow(base))
      if (!fresh.has(join(base, name))) removeGroup(join(base, name));
    return removeGroup(base, false);
  };
  return {
    make: (name, spec) => {
      const wanted = controllersOf(spec);
      known = prepare(findPlace(tag, root), { tag, uid, isOwn, wanted });
      const group = join(known, name);
      fresh.set(group, performance.now());
      attempt("making it", known, () => mkdirSync(group, { recursive: true, mode: 0o755 }));
      for (const { field, file, text } of groupWrites(spec)) {
        try {
          writeFileSync(join(group, file), text);
        } catch (error) {
          if (errnoOf(error) === undefined) throw error;
          removeGroup(group);
          throw denied(field, ...whyNot(file, error));
        }
      }
      return group;
    },
    of: (pid) => {
      const group = groupOfProcess(pid, root);
      const names = group?.split("/") ?? [];
      const at = names.indexOf(tag);
      const own = names[at + 1];
      return at < 0 || own === undefined || own === "god"
        ? undefined
        : names.slice(0, at + 2).join("/");
    },
    find: (name) => {
      const base = baseNow();
      const group = base === undefined ? undefined : join(base, name);
      return group !== undefined && existsSync(group) ? group : undefined;
    },
    remove: (group) => {
      if (basename(dirname(group)) !== tag) return;
      fresh.delete(group);
      removeGroup(group);
    },
    tidy,
  };
}
