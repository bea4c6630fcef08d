import type { Server } from "node:net";
import { keepAddress } from "./address.ts";
import type { Link } from "./link.ts";
import type { Sharing } from "./sharing.ts";

/** The fields of `net.Server` that its types lack: its handle, and its requested address. */
interface Listening {
  _handle?: { close(): void } | null;
  _connectionKey?: string;
}

/** A server that could not listen again is tried again after this; ms. */
const retryMs = 1_000;

export interface Traffic {
  track(server: Server): void;
  /** Why a server does not accept again; `undefined` when it does, or is not meant to. */
  faultOf(server: Server): string | undefined;
}

/**
 * Takes a worker out of traffic and back, by order of God: it closes the handles that its servers listen with, so that
 * the other workers get every new connection, and opens them again. The app's servers do not notice: they listen all the
 * while as far as its code can tell, no event is emitted, and connections that are open stay.
 */
export function createTraffic(link: Link, sharing: Sharing | undefined): Traffic {
  const servers = new Set<Server>();
  const faults = new Map<Server, string>();
  let isOut = false;
  let isLeaving = false;

  const leave = (server: Server): void => {
    keepAddress(server);
    (server as Listening)._handle?.close();
  };
  const enter = (server: Server): void => {
    if (isOut || isLeaving || !servers.has(server)) return;
    const where = placeOf(server);
    if (where === undefined) return;
    const { Server: netServer } = require("node:net") as typeof import("node:net");
    (server as Listening)._handle = null;
    hush(server, (error) => {
      if (error === undefined) {
        faults.delete(server);
        sharing?.share(server);
        if (isOut) leave(server);
        return;
      }
      faults.set(server, `it does not accept connections again (${error.code ?? error.message})`);
      setTimeout(() => enter(server), retryMs).unref();
    });
    netServer.prototype.listen.call(server, where);
  };
  link.onDown((message) => {
    if (message.type === "stop") isLeaving = true;
    if (message.type !== "traffic" || isLeaving || message.isTaken !== isOut) return;
    isOut = !message.isTaken;
    sharing?.rest(isOut);
    for (const server of servers) {
      if (isOut) leave(server);
      else enter(server);
    }
  });
  return {
    track: (server) => {
      if (servers.has(server)) return;
      servers.add(server);
      server.once("close", () => servers.delete(server));
      if (isOut) leave(server);
    },
    faultOf: (server) => faults.get(server),
  };
}

/** Its requested address, so that it returns to the same socket of its primary. */
function placeOf(server: Server): import("node:net").ListenOptions | undefined {
  const key = (server as Listening)._connectionKey ?? "";
  const [, address = "", port = ""] = /^-?\d+:(.*):(-?\d+)$/s.exec(key) ?? [];
  if (port === "-1") return { path: address };
  const now = server.address();
  const real = typeof now === "object" && now !== null ? now.port : 0;
  if (port === "" || real === 0) return undefined;
  return { port: Number(port), ...(address === "null" ? {} : { host: address }) };
}

/** The next `listening` or `error` of a server is ours, and not the app's. */
function hush(server: Server, done: (error: NodeJS.ErrnoException | undefined) => void): void {
  // oxlint-disable-next-line typescript/unbound-method -- called with the server it is called on
  const { emit } = server;
  const isOwn = Object.hasOwn(server, "emit");
  server.emit = function hushed(this: Server, name: string, ...args: unknown[]): boolean {
    if (name !== "listening" && name !== "error")
      return Reflect.apply(emit, this, [name, ...args]) as boolean;
    if (isOwn) server.emit = emit;
    else delete (server as { emit?: unknown }).emit;
    done(name === "error" ? (args[0] as NodeJS.ErrnoException) : undefined);
    return true;
  } as typeof emit;
}
