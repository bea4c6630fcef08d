import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { errnoOf } from "../contract/errors.ts";

/**
 * The ports on which a process listens at the IPv4 loopback interface, from `/proc` (proc(5)).
 * @throws EACCES for a process of another user.
 */
export function loopbackPorts(pid: number): number[] {
  const inodes = socketsOf(pid);
  const rows = readFileSync(`/proc/${pid}/net/tcp`, "latin1").trimEnd().split("\n").slice(1);
  return rows.flatMap((row) => {
    const [, local = "", , state, , , , , , inode = ""] = row.trim().split(/\s+/);
    const [address, port = ""] = local.split(":");
    const isHeld = address === loopback && state === listening && inodes.has(inode);
    return isHeld ? [Number.parseInt(port, 16)] : [];
  });
}

/** Whether a process has a handler of its own for a signal: the default action of most is to kill it. */
export function catchesSignal(pid: number, signal: number): boolean {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const mask = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return ((mask >> BigInt(signal - 1)) & 1n) === 1n;
}

/** 127.0.0.1 and LISTEN as the kernel writes them on a little-endian machine. */
const loopback = "0100007F";
const listening = "0A";

/** Inodes of the sockets a process has open. */
function socketsOf(pid: number): Set<string> {
  const folder = `/proc/${pid}/fd`;
  const inodes = new Set<string>();
  for (const fd of readdirSync(folder)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    } catch (error) {
      // Closed between the listing and the look.
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
  return inodes;
}
