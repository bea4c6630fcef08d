import { readdir, readFile, readlink } from "node:fs/promises";

/** Why something cannot be watched, and what helps, in a sentence. */
export async function troubleOf(failure: unknown): Promise<string> {
  const { code, path, message } = failure as NodeJS.ErrnoException;
  const what = path === undefined ? "a folder" : path;
  switch (code) {
    case "ENOSPC": {
      const { name, value } = await watchLimit();
      const used = await watchesInUse();
      return `${what} cannot be watched: this user's inotify watches are used up (${name} is ${value}, ${used} are in use); raise it with sysctl, or leave folders out with ignore_watch`;
    }
    case "EMFILE":
      return `${what} cannot be watched: this user's inotify instances or the daemon's open files are used up (fs.inotify.max_user_instances is ${await limitOf("fs/inotify/max_user_instances")})`;
    case "EACCES":
    case "EPERM":
      return `${what} cannot be watched: the daemon may not read it (${code})`;
    default:
      return `${what} cannot be watched: ${message}`;
  }
}

/** The user namespace of a container may have a lower limit than the machine. */
async function watchLimit(): Promise<{ name: string; value: string }> {
  const machine = await limitOf("fs/inotify/max_user_watches");
  const own = await limitOf("user/max_inotify_watches");
  return Number(own) < Number(machine)
    ? { name: "user.max_inotify_watches", value: own }
    : { name: "fs.inotify.max_user_watches", value: machine };
}

async function limitOf(name: string): Promise<string> {
  try {
    return (await readFile(`/proc/sys/${name}`, "utf8")).trim();
  } catch {
    return "unknown";
  }
}

/** The inotify watches of all processes that can be checked: each is a line of its descriptor's fdinfo (proc(5)). */
export async function watchesInUse(pids?: readonly number[]): Promise<number> {
  const names = pids?.map(String) ?? (await listOf("/proc")).filter((name) => /^\d+$/.test(name));
  let count = 0;
  for (const pid of names) {
    for (const fd of await listOf(`/proc/${pid}/fd`)) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "");
      if (target !== "anon_inode:inotify") continue;
      const info = await readFile(`/proc/${pid}/fdinfo/${fd}`, "utf8").catch(() => "");
      count += info.split("\n").filter((line) => line.startsWith("inotify ")).length;
    }
  }
  return count;
}

/** Processes end while they are checked, and those of others may not be checked. */
async function listOf(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
