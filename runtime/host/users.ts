import { readFileSync } from "node:fs";
import { userInfo } from "node:os";

/** Whom a child runs as; absent fields are the daemon's own. */
export interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * The numbers of the user and group named in a declaration. A user without a group gets the group of its entry
 * in /etc/passwd: a program that drops its user and keeps root's group has dropped little. (Node then drops
 * every supplementary group before it executes the program: `setgroups(0)` in libuv's `uv_spawn`.)
 * @returns a sentence when someone named is not there; the caller fails then, it never runs as someone else.
 */
export function resolveIdentity(
  user: number | string | null,
  group: number | string | null,
): Identity | string {
  if (user === null && group === null) return {};
  const userEntry = user === null ? undefined : findEntry("/etc/passwd", user);
  const groupEntry = group === null ? undefined : findEntry("/etc/group", group);
  const uid = idOf(user, userEntry);
  if (user !== null && uid === undefined) return `there is no user "${user}"`;
  const gid = group === null ? numberOf(userEntry?.[3]) : idOf(group, groupEntry);
  if (group !== null && gid === undefined) return `there is no group "${group}"`;
  if (gid === undefined)
    return `user ${user} has no entry in /etc/passwd: name its group with "gid" too`;
  return { ...(uid === undefined ? {} : { uid }), gid };
}

function findEntry(file: string, wanted: number | string): string[] | undefined {
  const key = String(wanted);
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([name, , id]) => name === key || id === key);
}

function idOf(
  wanted: number | string | null,
  entry: readonly string[] | undefined,
): number | undefined {
  return numberOf(entry?.[2]) ?? numberOf(wanted);
}

function numberOf(value: number | string | null | undefined): number | undefined {
  if (typeof value === "number") return value;
  return value != null && /^\d+$/.test(value) ? Number(value) : undefined;
}

let name: string | undefined;

/** Who this process is. Without an entry in /etc/passwd (a container's number) the number is the name. */
export function ownUserName(): string {
  try {
    name ??= userInfo().username;
  } catch {
    name = String(process.getuid?.() ?? "");
  }
  return name;
}
