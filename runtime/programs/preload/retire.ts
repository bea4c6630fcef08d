import type { Server } from "node:net";
import { keepAddress } from "./address.ts";
import { answerLast, patienceOf, type Connections } from "./connections.ts";
import { whenLeft } from "./when-left.ts";

/** The time that a `stop` grants; ms. */
interface Times {
  readonly began: number;
  readonly graceMs: number;
  readonly ownMs: number;
  readonly answerMs: number;
}

/** What `net.Server` listens with. */
interface ListenHandle {
  close(): void;
}

/**
 * Before the own shutdown code of a worker runs. That code closes its server, as a rule, and Node cuts with it what is
 * idle: a request that is on its way on a kept-alive connection, since Node 26 on a fresh one too. So the worker accepts
 * no more, tells with each answer that it is the last one of its connection, and closes idle connections when nothing
 * has come on them for a while. The app's own servers do not notice: they listen still as far as its code can tell.
 *
 * Requests in flight are waited for too, since shutdown code may not do it, out of what the grace period has beyond the
 * app's own time.
 */
export function retire(
  servers: ReadonlyMap<Server, Connections>,
  { began, graceMs, ownMs, answerMs }: Times,
  retired: () => void,
): void {
  // The answer has to be there before God's patience ends.
  const latestMs = answerMs * 0.8;
  const patience = patienceOf(graceMs);
  const idleMs = Math.min(patience.freshMs * 1.5, latestMs);
  const busyMs = Math.min(graceMs - ownMs, latestMs);
  answerLast();
  for (const [server, connections] of servers) {
    keepAddress(server);
    (server as Server & { _handle?: ListenHandle | null })._handle?.close();
    connections.drain(patience);
  }
  whenLeft(
    servers,
    began,
    ({ busy, idle }, now) => (idle > 0 && now < idleMs) || (busy > 0 && now < busyMs),
    retired,
  );
}
