import { flushLogs } from "../../host/log-files/flush.ts";
import { instanceLogPaths, logFilesOf, ownedFiles } from "../../host/log-files/paths.ts";
import { reopenLogs, type LogWriter } from "../../host/log-files/reopen.ts";
import { logRights } from "../../host/log-files/rights.ts";
import type { Daemon } from "../daemon.ts";
import { ownFile, pipeOrder } from "../log-lane/launch-order.ts";
import type { Managed } from "../registry/registry.ts";
import type { Exchange } from "./exchange.ts";

export async function flush({ daemon, body, send }: Exchange<"flushLogs">): Promise<void> {
  const { ids, daemon: isOwn } = body;
  const chosen = daemon.registry.processesWith(ids);
  const own = isOwn ? [{ path: daemon.paths.log }] : [];
  const owned = [...own, ...chosen.flatMap(({ spec, facts }) => ownedFiles(spec, facts.id))];
  const files = [...new Map(owned.map((each) => [each.path, each])).values()];
  send(flushLogs(files));
}

export async function reopen({ daemon, send }: Exchange<"reopenLogs">): Promise<void> {
  send(await reopenAll(daemon));
}

/** Brings every log file back to its declared path. */
export async function reopenAll(daemon: Daemon): ReturnType<typeof reopenLogs> {
  await daemon.lane.reopen();
  const processes = daemon.registry.processes();
  const files = processes.flatMap(({ spec, facts }) => {
    const rights = logRights(spec, daemon.paths.home);
    return logFilesOf(spec, facts.id).map((path) => ({ path, rights: rights(path) }));
  });
  const writers = processes.flatMap((managed) => writersOf(managed, daemon));
  return reopenLogs(writers, files, daemon.carrier);
}

export async function rotate({ daemon, body, send }: Exchange<"rotateLogs">): Promise<void> {
  const { ids } = body;
  const chosen = daemon.registry.processesWith(ids);
  send(await daemon.rotations.rotate(chosen));
}

/** The streams that a process writes by itself. */
function writersOf({ spec, facts }: Managed, { given, paths }: Exchange["daemon"]): LogWriter[] {
  const { id, child } = facts;
  if (child === null) return [];
  const launched = { spec, id, logs: instanceLogPaths(spec, id) };
  const rights = logRights(spec, paths.home);
  return (["out", "err"] as const).flatMap((stream) => {
    const path = ownFile(launched, stream);
    if (path === null || pipeOrder(launched, stream) !== undefined) return [];
    return {
      name: `${spec.name} (${id})`,
      pid: child.pid,
      descriptor: stream === "out" ? 1 : 2,
      path,
      rights: rights(path),
      given: given.of(child.lifeId, stream),
    };
  });
}
