import { flushLogs } from "../../host/log-files/flush.ts";
import { logFilesOf } from "../../host/log-files/paths.ts";
import { reopenLogs } from "../../host/log-files/reopen.ts";
import { readBody, sendJson, type Exchange } from "./exchange.ts";
import { flushRequestSchema } from "../../contract/api/schemas.ts";

export async function flush({ daemon, request, response }: Exchange): Promise<void> {
  const { ids, daemon: isOwn } = await readBody(request, flushRequestSchema);
  const chosen = ids.map((id) => daemon.registry.process(id));
  const own = isOwn ? [daemon.paths.log] : [];
  const files = [
    ...new Set([...own, ...chosen.flatMap(({ spec, facts }) => logFilesOf(spec, facts.id))]),
  ];
  flushLogs(files);
  sendJson(response, { files, notes: [] });
}

export async function reopen({ daemon, response }: Exchange): Promise<void> {
  await daemon.lane.reopen();
  const writers = daemon.registry.processes().map(({ spec, facts }) => ({
    name: `${spec.name} (${facts.id})`,
    pid: facts.child?.pid ?? null,
    files: logFilesOf(spec, facts.id),
  }));
  sendJson(response, await reopenLogs(writers));
}
