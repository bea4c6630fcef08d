import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { errnoOf, messageOf, xmError } from "../../contract/errors.ts";
import { readFact } from "../files/read.ts";
import { readEnvironVariable, readProcess } from "../procfs.ts";
import { isMachine, type Place } from "./place.ts";

/* A group either has processes or passes controllers on to those below it (cgroups(7)). */

/** The group that the home's own is made in. */
export function outerOf({ top, given, isBeside }: Place, uid: number): string {
  return uid === 0 && !isBeside && isMachine(top) ? top : given;
}

/** @returns the home's group, which passes on the controllers that are wanted. */
export function prepare(
  place: Place | string,
  options: {
    readonly tag: string;
    readonly uid: number;
    readonly isOwn: (pid: number) => boolean;
    readonly wanted: ReadonlyMap<string, string>;
  },
): string {
  const { tag, uid, wanted } = options;
  const [first = "cgroup"] = wanted.values();
  if (typeof place === "string") throw denied(first, place, versionTwo);
  const outer = outerOf(place, uid);
  const base = join(outer, tag);
  const has = words(readFact(join(outer, "cgroup.controllers"), 4_096));
  for (const [controller, field] of wanted) {
    if (has.has(controller)) continue;
    throw place.old.includes(oldNames[controller] ?? controller)
      ? denied(field, `the ${controller} controller belongs to cgroup version 1 here`, versionTwo)
      : denied(
          field,
          `the daemon's group ${outer} does not have the ${controller} controller (it has ${[...has].join(", ") || "none"})`,
          delegation(uid),
        );
  }
  attempt("making its group", outer, () => mkdirSync(base, { recursive: true, mode: 0o755 }), {
    field: first,
    fix: delegation(uid),
  });
  const missing = [...wanted.keys()].filter(
    (each) => !words(readFact(join(outer, "cgroup.subtree_control"), 4_096)).has(each),
  );
  if (missing.length > 0) {
    if (!isMachine(outer) || outer !== place.top)
      empty(outer, base, { ...options, place, field: first });
    pass(outer, missing, first, uid);
  }
  pass(base, [...wanted.keys()], first, uid);
  return base;
}

/** Moves the daemon's own processes out of a group that is to have groups below it. */
function empty(
  outer: string,
  base: string,
  {
    place,
    field,
    uid,
    isOwn,
  }: { place: Place; field: string; uid: number; isOwn: (pid: number) => boolean },
): void {
  const members = words(readFact(join(outer, "cgroup.procs"), 64 * 1024));
  if (members.size === 0) return;
  if (!place.isBeside && uid !== 0 && outer.endsWith(".service"))
    throw denied(
      field,
      `systemd could not restart the daemon in ${basename(outer)} once that has groups below it`,
      "use systemd 254 or newer and a unit with `Delegate=yes` and `DelegateSubgroup=xm-god` (as `xm startup` writes it), or run the daemon as root",
    );
  const foreign = [...members].map(Number).filter((pid) => uid !== 0 && !isOwn(pid));
  if (foreign.length > 0)
    throw denied(
      field,
      `other programs run in the daemon's group ${outer} (pid ${foreign.slice(0, 5).join(", ")})`,
      delegation(uid),
    );
  const leaf = join(base, "god");
  attempt("moving the daemon", outer, () => mkdirSync(leaf, { recursive: true, mode: 0o755 }));
  for (const pid of members) {
    attempt("moving the daemon", leaf, () => {
      try {
        writeFileSync(join(leaf, "cgroup.procs"), pid);
      } catch (error) {
        if (errnoOf(error) !== "ESRCH") throw error;
      }
    });
  }
}

function pass(group: string, controllers: readonly string[], field: string, uid: number): void {
  const has = words(readFact(join(group, "cgroup.subtree_control"), 4_096));
  const missing = controllers.filter((each) => !has.has(each));
  if (missing.length === 0) return;
  attempt(
    `passing on ${missing.join(", ")}`,
    group,
    () =>
      writeFileSync(
        join(group, "cgroup.subtree_control"),
        missing.map((each) => `+${each}`).join(" "),
      ),
    { field, fix: delegation(uid) },
  );
}

export function leave(base: string, log: (line: string) => void): void {
  try {
    const leaf = join(base, "god");
    mkdirSync(leaf, { recursive: true, mode: 0o755 });
    writeFileSync(join(leaf, "cgroup.procs"), String(process.pid));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    log(`the daemon remains in the cgroup of the app that started it: ${messageOf(error)}`);
  }
}

export function attempt(
  what: string,
  group: string,
  act: () => void,
  { field = "cgroup", fix = delegation(process.geteuid?.() ?? 0) } = {},
): void {
  try {
    act();
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    const why =
      code === "EACCES" || code === "EPERM" || code === "EROFS"
        ? `the daemon's group ${group} is not delegated to it (${what}: ${code})`
        : `${what} failed in ${group} (${code})`;
    throw denied(field, why, fix);
  }
}

export function whyNot(file: string, error: unknown): [why: string, fix: string] {
  if (file === "memory.swap.max")
    return [
      `this kernel does not count swap (${errnoOf(error)})`,
      "boot with `swapaccount=1`, or remove the field",
    ];
  if (file === "io.weight")
    return [
      `this kernel has no weights for I/O (${errnoOf(error)})`,
      "use a kernel with `CONFIG_BLK_CGROUP_IOCOST`, or remove the field",
    ];
  return [`the kernel refuses ${file} (${errnoOf(error)})`, "choose another value"];
}

/** What version 1 calls them. */
const oldNames: Readonly<Record<string, string>> = { io: "blkio" };

const versionTwo =
  "boot with `systemd.unified_cgroup_hierarchy=1`, or run it in a container whose host uses cgroup version 2";

function delegation(uid: number): string {
  return uid === 0
    ? "give the container a writable cgroup namespace (`--cgroupns=private`, and /sys/fs/cgroup mounted read-write)"
    : "start the daemon where a group is delegated to it: `xm kill`, then `systemd-run --user --scope -p Delegate=yes xm resurrect`; `xm startup` writes a unit with `Delegate=yes`; or run the daemon as root";
}

export function denied(what: string, why: string, fix: string): Error {
  return xmError("ERR_LIMIT_DENIED", { what, why, fix });
}

function words(text: string | undefined): Set<string> {
  return new Set((text ?? "").split(/\s+/).filter((word) => word !== ""));
}

/** Itself, who started it and still waits, what it has started, and what carries the home's mark. */
export function isOfDaemon(pid: number, home: string): boolean {
  if (pid === process.pid || lineOf(process.pid).includes(pid)) return true;
  if (lineOf(pid).includes(process.pid)) return true;
  return (
    readEnvironVariable(pid, "XM_HOME") === home ||
    readEnvironVariable(pid, "XM_LIFE") !== undefined
  );
}

/** The parents of a process. */
function lineOf(pid: number): number[] {
  const line: number[] = [];
  for (let each = readProcess(pid)?.ppid ?? 0; each > 1 && line.length < 100;)
    each = (line.push(each), readProcess(each)?.ppid ?? 0);
  return line;
}
