import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { accessSync, constants } from "node:fs";
import type { FileOwner } from "./files/place.ts";

/** Whom a child runs as; absent fields are the daemon's own. */
export interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * The numbers of the user and group named in a declaration. A user without a group gets the group of its entry
 * in /etc/passwd: a program that drops its user and keeps root's group has dropped little. (Node then drops
 * every supplementary group before it executes the program: `setgroups(0)` in libuv's `uv_spawn`; `asUser` gives it
 * those of its user.)
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

/** The same for those who only show it: someone who is not there has no numbers. */
export function numbersOf({
  uid,
  gid,
}: {
  readonly uid: number | string | null;
  readonly gid: number | string | null;
}): Identity {
  const identity = resolveIdentity(uid, gid);
  return typeof identity === "string" ? {} : identity;
}

/** Whom an app's files belong to, where it is another user than this process's. */
export function ownerOf({
  uid: user,
  gid: group,
}: {
  readonly uid: number | string | null;
  readonly gid: number | string | null;
}): FileOwner | undefined {
  if (user === null) return undefined;
  const identity = resolveIdentity(user, group);
  if (typeof identity === "string" || identity.uid === undefined) return undefined;
  return identity.uid === process.geteuid?.()
    ? undefined
    : { uid: identity.uid, gid: identity.gid ?? -1 };
}

/** The variables by which a program knows whose it is, as login(1) sets them; none for a user without an entry. */
export function userVariables(user: number | string | null | undefined): Record<string, string> {
  const entry = user === null || user === undefined ? undefined : findEntry("/etc/passwd", user);
  if (entry === undefined) return {};
  const [name = "", , , , , home = "/", shell = ""] = entry;
  return { USER: name, LOGNAME: name, HOME: home || "/", SHELL: shell || "/bin/sh" };
}

/** A program as it is started. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** The command that runs another one as a user, with the user and group that are left to Node. */
export interface ProgramAs extends Identity, Program {}

/**
 * A command as a user with the groups that user is in (initgroups(3)). Node cannot give a child supplementary groups, so a
 * user who has any gets them by setpriv(1), which then becomes the command. Without it the command runs with none: it has
 * less, never more.
 */
export function asUser(identity: Identity, program: Program): ProgramAs {
  const { uid, gid } = identity;
  const groups = uid === undefined || process.geteuid?.() !== 0 ? [] : groupsOf(uid, gid);
  if (uid === undefined || gid === undefined || groups.length === 0)
    return { ...program, ...identity };
  const setpriv = findTool("setpriv");
  if (setpriv === "") return { ...program, ...identity };
  const all = [gid, ...groups].join(",");
  return behind([setpriv, `--reuid=${uid}`, `--regid=${gid}`, `--groups=${all}`, "--"], program);
}

/**
 * Variables by which a loader or a C library reads files, or runs code, that they name. A program that has more rights than who
 * started it ignores them (ld.so(8)); a tool that runs with the daemon's rights before it gives them up does not.
 */
const loaderVariables =
  /^(?:LD_\w*|GLIBC_TUNABLES|GCONV_PATH|GETCONF_DIR|HOSTALIASES|LOCPATH|MUSL_LOCPATH|MALLOC_TRACE|NLSPATH|RESOLV_HOST_CONF|TZDIR)$/;

/** A program behind tools that each become the next one. Only the program itself gets the variables for its loader. */
export function behind(tools: readonly string[], { command, args, env }: Program): Program {
  const words = [command, ...args];
  const ofLoader = Object.entries(env).filter(([name]) => loaderVariables.test(name));
  if (tools.length > 0 && ofLoader.length > 0) {
    // env(1) would take a command with "=" in it for one more variable.
    if (command.includes("=")) words.unshift("/bin/sh", "-c", 'exec "$0" "$@"');
    words.unshift(findTool("env"), ...ofLoader.map(([name, value]) => `${name}=${value}`));
    env = Object.fromEntries(Object.entries(env).filter(([name]) => !loaderVariables.test(name)));
  }
  const [first = command, ...rest] = [...tools, ...words];
  return { command: first, args: rest, env };
}

const tools = new Map<string, string>();

/**
 * By its path: the app's own PATH is not where a tool that runs as root is looked for.
 * @returns "" where there is none.
 */
export function findTool(name: string): string {
  const known = tools.get(name);
  if (known !== undefined) return known;
  const found = lookFor(name);
  tools.set(name, found);
  return found;
}

function lookFor(name: string): string {
  const folders = [
    "/usr/bin",
    "/bin",
    "/usr/sbin",
    "/sbin",
    ...(process.env["PATH"] ?? "").split(delimiter),
  ];
  for (const folder of folders.filter((each) => each.startsWith("/"))) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // In the next folder, or nowhere.
    }
  }
  return "";
}

/** The groups in /etc/group that list a user, besides its own. */
export function groupsOf(uid: number, own: number | undefined): number[] {
  const [name] = findEntry("/etc/passwd", uid) ?? [];
  if (name === undefined) return [];
  const groups = entriesOf("/etc/group")
    .filter(([, , , members = ""]) => members.split(",").includes(name))
    .map(([, , gid]) => numberOf(gid))
    .filter((gid) => gid !== undefined && gid !== own) as number[];
  return [...new Set(groups)];
}

function findEntry(file: string, wanted: number | string): string[] | undefined {
  const key = String(wanted);
  return entriesOf(file).find(([name, , id]) => name === key || id === key);
}

function entriesOf(file: string): string[][] {
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.split(":"));
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
