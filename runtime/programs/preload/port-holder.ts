import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * Which other app of this home listens on a port that is in use: each cluster has a balancer of its own, and two apps do
 * not share a port. Looked for when a process is about to end by it, and only among this user's processes.
 * @returns its name; `undefined` when it is not an app of this home.
 */
export function holderOf(port: number): string | undefined {
  const inodes = inodesOf(port);
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid || !holdsOneOf(inodes, pid)) continue;
    const env = environmentOf(pid);
    if (env.get("XM_HOME") !== process.env["XM_HOME"]) continue;
    const name = env.get("XM_BALANCER") ?? env.get("name");
    if (name !== undefined && name !== process.env["name"]) return name;
  }
  return undefined;
}

/** Of the sockets that listen on a port (the state 0A of proc(5)'s `net/tcp`). */
function inodesOf(port: number): Set<string> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set<string>();
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readIfAllowed(file).split("\n")) {
      const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === "0A" && local.endsWith(`:${hex}`) && inode !== undefined) {
        inodes.add(`socket:[${inode}]`);
      }
    }
  }
  return inodes;
}

function holdsOneOf(inodes: ReadonlySet<string>, pid: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        // Closed meanwhile.
        return false;
      }
    });
  } catch {
    // Gone, or another user's.
    return false;
  }
}

function environmentOf(pid: string): Map<string, string> {
  const variables = readIfAllowed(`/proc/${pid}/environ`).split("\0");
  return new Map(
    variables.map((variable) => {
      const at = variable.indexOf("=");
      return [variable.slice(0, at), variable.slice(at + 1)] as const;
    }),
  );
}

function readIfAllowed(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
