import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** As `node:cluster` looks for them. */
const asks = /--inspect(?:-brk|-port|-wait)?(?:=(\S+))?|--debug-port(?:=(\S+))?/g;

const usualPort = 9229;
const mostTries = 1_000;

/** A port of the inspector that no other worker gets, of whichever cluster. */
export interface InspectPort {
  readonly port: number;
  release(): void;
}

/**
 * The port for the inspector of a worker that is started with `--inspect`: the first free one from that which is asked for
 * upwards. `node:cluster` counts from its primary's, and on and on with each worker that it forks.
 * @param words Node's arguments and the value of `NODE_OPTIONS`.
 * @returns `undefined` when the inspector is not asked for.
 */
export function inspectPort(words: readonly string[]): InspectPort | undefined {
  const found = [...words.join(" ").matchAll(asks)];
  if (found.length === 0) return undefined;
  const given = found
    .map(([, inspect, debug]) => inspect ?? debug)
    .filter(Boolean)
    .pop();
  const first = Number(/(?:^|:)(\d+)$/.exec(given ?? "")?.[1] ?? usualPort);
  // Any free one, which Node chooses.
  if (first === 0) return { port: 0, release: () => {} };
  const used = usedPorts();
  for (let port = first; port < Math.min(first + mostTries, 65_536); port += 1) {
    const release = used.has(port) ? undefined : claim(port);
    if (release !== undefined) return { port, release };
  }
  return { port: first, release: () => {} };
}

/**
 * A worker listens some time after its fork, and another balancer may look for a port meanwhile: a name in Linux's abstract
 * namespace is held for as long as the worker lives. All its 107 characters are given: Node 20 and 22 disagree on a shorter one.
 */
function claim(port: number): (() => void) | undefined {
  const server = createServer();
  server.on("error", () => {});
  server.listen(`\0@exmachina/inspect/${port}`.padEnd(107, "@"));
  const { _handle: handle } = server as unknown as { _handle: object | null };
  if (handle === null) return undefined;
  server.unref();
  return () => void server.close();
}

/**
 * TCP ports on which no process can listen: another one does, or one of those that the kernel gives to outgoing connections is
 * such a connection's at present. Node would go on without an inspector.
 */
function usedPorts(): Set<number> {
  const [lowest = 0, highest = 0] = readIfThere("/proc/sys/net/ipv4/ip_local_port_range")
    .trim()
    .split(/\s+/)
    .map(Number);
  const ports = new Set<number>();
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readIfThere(file).split("\n")) {
      const [, hex, state] = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) \S+ ([0-9A-F]{2}) /.exec(line) ?? [];
      if (hex === undefined) continue;
      const port = Number.parseInt(hex, 16);
      // 0A is LISTEN. A connection to a server's port is not an obstacle to the next server there.
      if (state === "0A" || (port >= lowest && port <= highest)) ports.add(port);
    }
  }
  return ports;
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
