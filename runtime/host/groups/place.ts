import { existsSync } from "node:fs";
import { join } from "node:path";
import { readFact } from "../files/read.ts";

/** Where this process is in the hierarchy of cgroups version 2. */
export interface Place {
  /** The mount; the group of the whole machine, or of the container. */
  readonly top: string;
  /** The group that this process was given: that of its service, without those that it has made itself. */
  readonly given: string;
  /** It is in the group of this home's apps, as a daemon is that one of them has started. */
  readonly isWithinHome: boolean;
  /** Whoever started it has put it into `xm-god`, so that its group has no process of its own (`DelegateSubgroup=`). */
  readonly isBeside: boolean;
  /** Controllers that version 1 has here. */
  readonly old: readonly string[];
}

const mostBytes = 1024 * 1024;

/** The group for the daemon itself within one that was delegated to it: the boot script's `DelegateSubgroup=`. */
export const besideName = "xm-god";

/**
 * @param tag name of the home's group.
 * @param root of `/proc` and `/sys`; another one in tests.
 * @returns a sentence where there is no version 2.
 */
export function findPlace(tag: string, root = "/"): Place | string {
  const lines = (readFact(join(root, "proc/self/cgroup"), mostBytes) ?? "").split("\n");
  const old = lines.flatMap((line) => /^[1-9]\d*:([^:]*):/.exec(line)?.[1]?.split(",") ?? []);
  const own = lines.find((line) => line.startsWith("0::"))?.slice(3);
  const mount = mountOf(root);
  if (own === undefined || mount === undefined)
    return old.length > 0
      ? "this system uses cgroup version 1 only"
      : "cgroup version 2 is not mounted";
  const inside = below(own, mount.root);
  if (inside === undefined) return `the daemon's own cgroup ${own} is outside the mounted ones`;
  const top = join(root, mount.at);
  const names = inside.split("/").filter((name) => name !== "");
  const at = names.indexOf(tag);
  const isBeside = at < 0 && names.at(-1) === besideName;
  const outer = at >= 0 ? names.slice(0, at) : isBeside ? names.slice(0, -1) : names;
  // systemd runs what belongs to a service but is not its main process there.
  const given = outer.at(-1) === ".control" ? outer.slice(0, -1) : outer;
  return {
    top,
    given: join(top, ...given),
    isWithinHome: at >= 0 && names[at + 1] !== "god",
    isBeside,
    old,
  };
}

/** The group of the whole machine; that of a container looks like it and is a group as others are. */
export function isMachine(group: string): boolean {
  return !existsSync(join(group, "cgroup.type"));
}

/** The group that a process is in, as a path of this mount. */
export function groupOfProcess(pid: number, root = "/"): string | undefined {
  const text = readFact(join(root, `proc/${pid}/cgroup`), mostBytes) ?? "";
  const own = /^0::(.*)$/m.exec(text)?.[1];
  const mount = mountOf(root);
  const inside = own === undefined || mount === undefined ? undefined : below(own, mount.root);
  return inside === undefined || mount === undefined ? undefined : join(root, mount.at, inside);
}

/** The group of a life, of any home, that a group is or is below. */
export function lifeGroupOf(group: string): string | undefined {
  const [, own, name] = lifeGroup.exec(group) ?? [];
  return name === "god" ? undefined : own;
}

const lifeGroup = /^(\/(?:.*\/)?xm-[0-9a-f]{12}\/([\w-]+))(?:\/|$)/;

/** Of proc(5)'s mountinfo: the fourth field is what is mounted, the fifth where. */
function mountOf(root: string): { root: string; at: string } | undefined {
  const text = readFact(join(root, "proc/self/mountinfo"), mostBytes) ?? "";
  const line = text.split("\n").find((each) => / - cgroup2 /.test(each));
  const [, , , what, at] = line?.split(" ") ?? [];
  return what === undefined || at === undefined
    ? undefined
    : { root: unescaped(what), at: unescaped(at) };
}

const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );

/** A path of the hierarchy as one of the mount, which may show a part of it. */
function below(path: string, root: string): string | undefined {
  if (path.startsWith("/..")) return undefined;
  if (root === "/") return path;
  if (path === root) return "/";
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}
