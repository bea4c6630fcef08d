import type { Server } from "node:http";
import { reloadFactsOf } from "../../machines/reload.ts";
import type { Lock } from "../host/home/lock.ts";
import { removeDaemonPid } from "../host/home/pid-file.ts";
import { historyEntry } from "../contract/history.ts";
import { entryOfReload } from "./records/entries.ts";
import type { Daemon } from "./daemon.ts";
import type { Leave } from "./api/exchange.ts";
import { removeIfThere } from "../host/files.ts";
import { shownTime } from "../host/clock.ts";

/**
 * Ends a daemon in order. `shutDown` has stopped and forgotten every process already; `handOver` leaves them
 * running; a signal (a reboot, a service manager) stops them but keeps what was wanted of them, so that the
 * next daemon starts what ran. The lock is released last: the next daemon begins when this one has ended.
 */
export async function leaveDaemon(options: {
  readonly daemon: Daemon;
  readonly how: Leave | "signal";
  readonly why: string;
  readonly lock: Lock;
  readonly server: Server;
}): Promise<void> {
  const { daemon, how, why, lock, server } = options;
  server.close();
  server.closeIdleConnections();
  if (how === "signal") await stopButRemember(daemon, why);
  if (how === "handOver") daemon.handOver(why);
  daemon.recorder.freeze();
  daemon.history.flush();
  daemon.lane.release();
  daemon.carrier.release();
  daemon.rotations.release();
  daemon.notifier.release();
  try {
    await daemon.store.close();
  } finally {
    removeIfThere(daemon.paths.socket);
    // Apps that keep running connect to the next daemon by it.
    if (how !== "handOver") removeIfThere(daemon.paths.links);
    removeDaemonPid(daemon.paths.pidFile);
    await lock.release();
  }
}

/** The replacements are stopped with everything else: the next daemon is not to look for them. */
function abandonReloads({ registry, store, history, now }: Daemon): void {
  for (const app of registry.apps()) {
    const { reload, successors, leaving } = app.getSnapshot().context;
    if (reload === null) continue;
    const at = now();
    for (const actor of [...Object.values(successors), ...Object.values(leaving)]) {
      const { id, generation } = actor.getSnapshot().context;
      store.append({ type: "process.removed", at, id, generation });
    }
    const facts = reloadFactsOf(reload);
    const failure = { id: facts.batch[0] ?? -1, at, reason: "was stopped with the daemon" };
    const ended = { ...facts, step: "failed" as const, failure };
    store.append({ type: "reload.changed", at, reload: ended, spec: null });
    history.append(entryOfReload(ended, shownTime(at)));
  }
}

async function stopButRemember(daemon: Daemon, why: string): Promise<void> {
  const { recorder, registry, store, history, now } = daemon;
  const before = registry.processes();
  abandonReloads(daemon);
  recorder.freeze();
  await daemon.stopEverything(why);
  for (const { facts, spec } of before) {
    if (facts.child === null) continue;
    const { id, generation, app, goal, restarts, unstableRestarts } = facts;
    history.append(
      historyEntry({
        at: shownTime(now()),
        kind: "process",
        event: "daemon.stopped",
        by: why,
        id,
        generation,
        app,
        name: spec.name,
        status: "stopped",
        states: "stopped.resting",
        goal,
        restarts,
        unstableRestarts,
      }),
    );
    const status = facts.goal === "stop" ? ("stopped" as const) : ("starting" as const);
    const { hook: _, ...rest } = facts;
    const remembered = { ...rest, child: null, status, killAt: null };
    store.append({
      type: "process.changed",
      at: now(),
      event: "daemon.stopped",
      facts: remembered,
    });
  }
}
