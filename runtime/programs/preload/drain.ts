import type { Server } from "node:net";
import { keepAddress } from "./address.ts";
import type { Bystanders } from "./bystanders.ts";
import { answerLast, connectionsOf, patienceOf, type Connections } from "./connections.ts";
import type { Link } from "./link.ts";
import { retire } from "./retire.ts";
import type { Sharing } from "./sharing.ts";
import { leftOf, whenLeft } from "./when-left.ts";

/** A worker whose balancer has died exits for the next one's; ms. */
const orphanGraceMs = 300;

/** God is not there any more, or the command has not passed its signal on; ms. */
const signalledWithinMs = 2_000;

/** How long it may take: all of it, and what is not HTTP/1 (upgraded connections); ms. */
interface Limits {
  readonly allMs: number;
  readonly openMs: number;
}

export interface Drain {
  track(server: Server): void;
  /** Obeys God's `stop` from now on. */
  obey(): void;
}

/**
 * Ends an app that has no shutdown code of its own without failing a request: its servers stop accepting, what is
 * in flight is finished and answered with `Connection: close` (HTTP/2: GOAWAY), idle connections are closed, and
 * then the process ends by the signal it was to get. An app that handles the signal gets the signal, a worker once its
 * code cannot cut a request with it.
 */
export function createDrain(
  link: Link,
  options: {
    sharing: Sharing | undefined;
    isWorker: boolean;
    /** A command is in front of it, which has to end too. */
    isBehind: boolean;
    bystanders: Bystanders;
  },
): Drain {
  const { sharing, isWorker, isBehind, bystanders } = options;
  const servers = new Map<Server, Connections>();
  let isDraining = false;
  let leave = (): void => {};
  /** How the first `stop` was answered. */
  let answered: "signal" | "drain" | undefined;
  let isAsked = false;
  let wasSignalled = false;

  const drain = (limits: Limits, end: () => void): void => {
    if (isDraining) return;
    const { Server: netServer } = require("node:net") as typeof import("node:net");
    isDraining = true;
    answerLast();
    const began = performance.now();
    // After the poll phase: the kernel has accepted connections of which the order to stop may be ahead, and to close a
    // socket resets those that have not been taken from it.
    setImmediate(() => {
      for (const [server, connections] of servers) {
        // Not the server's own `close`: those of HTTP servers cut idle connections, and with them a request that
        // is on its way.
        keepAddress(server);
        if (server.listening) netServer.prototype.close.call(server);
        connections.drain(patienceOf(limits.allMs));
      }
    });
    watch(limits, began, end);
  };
  const watch = ({ allMs, openMs }: Limits, began: number, end: () => void): void =>
    whenLeft(
      servers,
      began,
      ({ busy, idle, open }, now) =>
        (busy + idle > 0 && now < allMs) || (open > 0 && now < Math.min(openMs, allMs)),
      end,
    );

  const isQuiet = (): boolean => {
    const { busy, idle, open } = leftOf(servers);
    return busy + idle + open === 0;
  };

  return {
    track: (server) => {
      if (!servers.has(server)) servers.set(server, connectionsOf(server));
      if (isDraining) server.close();
    },
    obey: () => {
      link.onDown((message) => {
        if (message.type === "leave") leave();
        if (message.type !== "stop") return;
        const { signal, graceMs, drainMs, byMessage, again = false } = message;
        const mayHaveMessage = byMessage && message.wasSignalled !== false;
        if (isDraining || (again && isAsked)) {
          // The daemon that got the answer has died; it may have died before the signal, too.
          const isOpen =
            answered === "drain" || (answered === "signal" && !wasSignalled && !mayHaveMessage);
          if (again && answered !== undefined && isOpen)
            link.send({ type: "stopping", how: answered });
          return;
        }
        isAsked = true;
        bystanders.hear(signal, () => {
          wasSignalled = true;
        });
        const began = performance.now();
        const hasOwnCode = byMessage || bystanders.hasOwnCode(signal);
        if (isWorker) letGoOfChannel(signal, byMessage, bystanders);
        // The command in front passes its signal on, as a rule, and a second one makes some apps give up what is in flight.
        if (isBehind)
          leave = () => {
            if (!wasSignalled) process.kill(process.pid, signal);
          };
        if (hasOwnCode || servers.size === 0) {
          const answer = (): void => {
            answered = "signal";
            link.send({ type: "stopping", how: "signal" });
          };
          const prepare = (): void => {
            if (isWorker && servers.size > 0) retire(servers, { ...message, began }, answer);
            else answer();
          };
          // What other workers have given it is its own now, and what it gave away is theirs.
          if (sharing === undefined) prepare();
          else sharing.leave(prepare);
          return;
        }
        answered = "drain";
        link.send({ type: "stopping", how: "drain" });
        const isHeard = process.listenerCount(signal) > 0;
        const raise = (): void => {
          process.kill(process.pid, signal);
          // What only libraries listen to ends no process by itself.
          if (isHeard) setTimeout(() => endBy(signal), restMs / 2);
        };
        // A little less than the grace period: it ends by its signal and not by SIGKILL.
        // A library that listens needs a moment of it.
        const restMs = isHeard ? Math.min(300, graceMs / 4) : 50;
        const limits = { allMs: graceMs - restMs, openMs: drainMs };
        const end = (): void => {
          const isTold = (isWorker || isBehind) && link.send({ type: "drained" });
          if (!isTold) raise();
          // The balancer may die before it answers.
          else if (isWorker) link.onEnd(raise);
          // God signals the command, which passes it on; Node's watcher hangs when the app ends before that.
          else if (isBehind) setTimeout(raise, signalledWithinMs).unref();
        };
        // The balancer's word comes after everything it had sent before: a connection may have been among it.
        leave = () => {
          if (isQuiet() || performance.now() - began > limits.allMs) raise();
          else watch(limits, began, raise);
        };
        if (sharing === undefined) drain(limits, end);
        else sharing.leave(() => drain(limits, end));
      });
      if (isWorker) outliveBalancer(drain);
    },
  };
}

/**
 * A cluster worker exits at once when its primary dies, and fails what is in flight. This one gives up its
 * listening sockets, so that the next balancer can have them, and finishes first.
 */
function outliveBalancer(drain: (limits: Limits, end: () => void) => void): void {
  const { worker } = require("node:cluster") as typeof import("node:cluster").default;
  if (worker === undefined) return;
  process.prependListener("disconnect", () => {
    if (worker.exitedAfterDisconnect) return;
    worker.exitedAfterDisconnect = true;
    drain({ allMs: orphanGraceMs, openMs: 0 }, () => process.exit(0));
  });
}

/**
 * A worker whose own code is asked to end, and closes what it has, ends by itself as it would without a channel: from
 * then on the channel keeps no process alive. Not before: until its code has been asked, nothing else may.
 */
function letGoOfChannel(signal: string, byMessage: boolean, bystanders: Bystanders): void {
  const letGo = (): void => process.channel?.unref();
  if (byMessage) process.prependListener("message", letGo);
  else bystanders.hear(signal, letGo);
}

function endBy(signal: string): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
