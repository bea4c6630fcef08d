import { channel, subscribe } from "node:diagnostics_channel";
import type { Server } from "node:net";
import { hasReusePort } from "../../host/reuse-port.ts";

/**
 * Calls back for every server of the process that begins to listen, in a cluster worker too. Node 20 and newer tell it
 * on a diagnostics channel, at no cost to apps that do not listen; before that `listen` itself is wrapped.
 */
export function onListening(listener: (server: Server) => void): void {
  if (Number.parseInt(process.versions.node, 10) < 20) return wrapListen(listener);
  const seen = (message: unknown): void => listener((message as { server: Server }).server);
  subscribe("tracing:net.server.listen:asyncEnd", seen);
  // A channel lives as long as it is referenced: Node collects one that only has subscribers.
  held.push(channel("tracing:net.server.listen:asyncEnd"));
}

const held: unknown[] = [];

function wrapListen(listener: (server: Server) => void): void {
  const { Server: server } = require("node:net") as typeof import("node:net");
  // oxlint-disable-next-line typescript/unbound-method -- called with the server it is called on
  const { listen } = server.prototype;
  server.prototype.listen = function listenAndTell(this: Server, ...args: unknown[]): Server {
    this.once("listening", () => listener(this));
    return Reflect.apply(listen, this, args) as Server;
  } as typeof listen;
}

/** Makes every TCP server of a worker listen on a socket of its own (`SO_REUSEPORT`). */
export function reusePorts(): void {
  if (!hasReusePort(process.versions.node)) return;
  // In a worker the module already exists.
  const { Server: server } = require("node:net") as typeof import("node:net");
  // oxlint-disable-next-line typescript/unbound-method -- called with the server it is called on
  const { listen } = server.prototype;
  server.prototype.listen = function listenAlone(this: Server, ...args: unknown[]): Server {
    return Reflect.apply(listen, this, withReusePort(args)) as Server;
  } as typeof listen;
}

/** The forms of `listen` that name a port, as the one that takes options. */
function withReusePort(args: readonly unknown[]): unknown[] {
  const [first, ...rest] = args;
  const callback = rest.filter((each) => typeof each === "function");
  const own = { reusePort: true, exclusive: true };
  if (typeof first === "number" || (typeof first === "string" && /^\d+$/.test(first))) {
    const host = rest.find((each) => typeof each === "string");
    const backlog = rest.find((each) => typeof each === "number");
    return [
      {
        port: Number(first),
        ...(host === undefined ? {} : { host }),
        ...(backlog === undefined ? {} : { backlog }),
        ...own,
      },
      ...callback,
    ];
  }
  const isPort = typeof first === "object" && first !== null && "port" in first;
  return isPort ? [{ ...first, ...own }, ...rest] : [...args];
}
