import type { Server } from "node:net";
import { connectionsOf, type Connections } from "./connections.ts";
import type { Link } from "./link.ts";

/** Between two looks at what is left; ms. */
const lookEveryMs = 20;

/** A worker whose balancer has died makes room for the next one's; ms. */
const orphanGraceMs = 300;

export interface Drain {
  track(server: Server): void;
  /** Obeys God's `stop` from now on. */
  obey(): void;
}

/**
 * Ends an app that has no shutdown code of its own without failing a request: its servers stop accepting, what is
 * in flight is finished and answered with `Connection: close` (HTTP/2: GOAWAY), idle connections are closed, and
 * then the process ends by the signal it was to get. An app that handles the signal gets the signal.
 */
export function createDrain(link: Link): Drain {
  const servers = new Map<Server, Connections>();
  let isDraining = false;
  let leave = (): void => {};

  const drain = (limits: { allMs: number; openMs: number }, end: () => void): void => {
    const { Server: netServer } = require("node:net") as typeof import("node:net");
    const { subscribe } =
      require("node:diagnostics_channel") as typeof import("node:diagnostics_channel");
    isDraining = true;
    subscribe("http.server.request.start", (message) => {
      (message as { response: { shouldKeepAlive: boolean } }).response.shouldKeepAlive = false;
    });
    const began = Date.now();
    for (const [server, connections] of servers) {
      // Not the server's own `close`: those of HTTP servers cut idle connections, and with them a request that
      // is on its way.
      if (server.listening) netServer.prototype.close.call(server);
      connections.drain();
    }
    const timer = setInterval(() => {
      const now = Date.now() - began;
      // After the poll phase: what had arrived has been read.
      setImmediate(() => {
        const left = [...servers.values()].map((each) => each.left());
        const isBusy = left.some(({ busy }) => busy > 0);
        const isOpen = left.some(({ open }) => open > 0);
        if (isBusy && now < limits.allMs) return;
        if (isOpen && now < Math.min(limits.openMs, limits.allMs)) return;
        clearInterval(timer);
        end();
      });
    }, lookEveryMs);
  };

  return {
    track: (server) => {
      if (!servers.has(server)) servers.set(server, connectionsOf(server));
      if (isDraining) server.close();
    },
    obey: () => {
      link.onDown((message) => {
        if (message.type === "leave") leave();
        if (message.type !== "stop" || isDraining) return;
        const { signal, graceMs, drainMs } = message;
        const hasOwnCode = process.listenerCount(signal) > 0;
        if (hasOwnCode || servers.size === 0) {
          link.send({ type: "stopping", how: "signal" });
          return;
        }
        link.send({ type: "stopping", how: "drain" });
        leave = () => void process.kill(process.pid, signal);
        // A little less than the grace period: it ends by its signal and not by SIGKILL.
        drain({ allMs: graceMs - 50, openMs: drainMs }, () => {
          if (!link.isChannel || !link.send({ type: "drained" })) leave();
        });
      });
      if (link.isChannel) outliveBalancer(drain);
    },
  };
}

/**
 * A cluster worker exits at once when its primary dies, and fails what is in flight. This one gives up its
 * listening sockets, so that the next balancer can have them, and finishes first.
 */
function outliveBalancer(
  drain: (limits: { allMs: number; openMs: number }, end: () => void) => void,
): void {
  const { worker } = require("node:cluster") as typeof import("node:cluster").default;
  if (worker === undefined) return;
  process.prependListener("disconnect", () => {
    if (worker.exitedAfterDisconnect) return;
    worker.exitedAfterDisconnect = true;
    drain({ allMs: orphanGraceMs, openMs: 0 }, () => process.exit(0));
  });
}
