import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { errnoOf } from "../../contract/errors.ts";
import { homePaths } from "./paths.ts";

/*
 * The names in the abstract socket namespace (unix(7)) that locked a home before `_claim.ts`. libuv before 1.46
 * (Node 20) always binds all 108 bytes, filled up with zeros; later ones bind the name as it is. So one name had
 * two forms, and both are checked here, from any version of Node.
 */

const nameBytes = 108;

export type NameAnswer = BoundName | { readonly kind: "occupied"; readonly inode: string };

export interface BoundName {
  readonly kind: "bound";
  release(): Promise<void>;
}

/** Binds both forms of a home's name; Node 20 can only look for the short one. */
export async function bindName(home: string, part: "god" | "lane"): Promise<NameAnswer[]> {
  const { dev, ino } = statSync(home);
  const short = `\0exmachina/${dev}/${ino}${part === "lane" ? "/lane" : ""}`;
  const long = short.padEnd(nameBytes, "\0");
  const answers: NameAnswer[] = [];
  for (const name of [long, short]) {
    if (name === short && !bindsShortNames()) {
      const inode = inodeOf(name);
      if (inode !== undefined) answers.push({ kind: "occupied", inode });
      continue;
    }
    const bound = await bind(name);
    answers.push(bound ?? { kind: "occupied", inode: inodeOf(name) ?? "" });
  }
  return answers;
}

/** libuv 1.46 took names with a length. */
function bindsShortNames(): boolean {
  return Number(process.versions.node.split(".")[0]) >= 22;
}

function bind(name: string): Promise<BoundName | undefined> {
  const server = createServer((connection) => connection.destroy());
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      if (errnoOf(error) === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(name, () => {
      server.unref();
      const release = (): Promise<void> =>
        new Promise((closed) => {
          server.close(() => closed());
        });
      resolve({ kind: "bound", release });
    });
  });
}

/** The inode of the socket that is bound to a name, as `/proc/net/unix` has it; zeros are shown as `@`. */
function inodeOf(name: string): string | undefined {
  const shown = name.replaceAll("\0", "@");
  const table = unlessGone(() => readFileSync("/proc/net/unix", "utf8")) ?? "";
  for (const line of table.split("\n")) {
    const [, , , , , , inode, path] = line.trim().split(/\s+/);
    if (path === shown) return inode;
  }
  return undefined;
}

/** The holder of a name: a process of another user, whose descriptors we cannot read, is not ours. */
export function nameHolder(
  inode: string,
  { home, part }: { home: string; part: "god" | "lane" },
): { pid?: number; isOurs: boolean; words: string } {
  const pid = holderOf(inode);
  if (pid === undefined) return { isOurs: false, words: "a process of another user" };
  const uid = uidOf(pid);
  const isOwn = uid === process.geteuid?.();
  const words = `pid ${pid} (uid ${uid ?? "unknown"})`;
  return { pid, words, isOurs: isOwn && isDaemonOf(pid, home, part) };
}

function holderOf(inode: string): number | undefined {
  const wanted = `socket:[${inode}]`;
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (Number.isInteger(pid) && linksOf(`/proc/${pid}/fd`).includes(wanted)) return pid;
  }
  return undefined;
}

function linksOf(folder: string): string[] {
  return (
    unlessGone(() => readdirSync(folder))?.flatMap(
      (name) => unlessGone(() => readlinkSync(`${folder}/${name}`)) ?? [],
    ) ?? []
  );
}

function uidOf(pid: number): number | undefined {
  return unlessGone(() => statSync(`/proc/${pid}`).uid);
}

/** By its command line, which a daemon's title replaces, or by the pid file. */
function isDaemonOf(pid: number, home: string, part: "god" | "lane"): boolean {
  const command = unlessGone(() => readFileSync(`/proc/${pid}/cmdline`, "latin1")) ?? "";
  const programs = part === "god" ? ["god.cjs", "God Daemon ("] : ["lane.cjs", "xm log lane ("];
  if (programs.some((program) => command.includes(program))) return true;
  const named = unlessGone(() => readFileSync(homePaths(home).pidFile, "utf8"));
  return part === "god" && Number(named) === pid;
}

/** What another user's process does not show, or one that has gone, is nothing. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}
