import type { Change } from "../daemon/recorder.ts";
import { instanceLogPaths } from "../logs/paths.ts";
import { streamLogs } from "../logs/tail.ts";
import { startStream } from "./exchange.ts";
import type { Exchange } from "./routes.ts";
import type { ProcessEventView } from "./schemas.ts";

/** Lines a slow listener may be behind before it is cut off: the daemon's memory is bounded. */
const mostPending = 10_000;

export function events({ daemon, request, response }: Exchange): void {
  const stream = startStream(request, response);
  let pending = 0;
  const unsubscribe = daemon.recorder.subscribe((change) => {
    if (stream.write(eventView(change, nameOf(change)))) {
      pending = 0;
      return;
    }
    pending += 1;
    if (pending > mostPending) response.destroy();
  });
  const names = new Map<number, string>();
  const nameOf = ({ facts }: Change): string => {
    const managed = daemon.registry.processes().find((each) => each.facts.id === facts.id);
    const name = managed?.spec.name ?? names.get(facts.id) ?? facts.app;
    names.set(facts.id, name);
    return name;
  };
  stream.signal.addEventListener("abort", unsubscribe);
  stream.open();
}

export async function logs({ daemon, request, response, query }: Exchange): Promise<void> {
  const ids = (query.get("ids") ?? "").split(",").filter(Boolean).map(Number);
  const streams = (query.get("streams") ?? "out,err").split(",");
  const sources = ids.flatMap((id) => {
    const { spec } = daemon.registry.process(id);
    const paths = instanceLogPaths(spec, id);
    const pick = (stream: "out" | "err", path: string | null) =>
      path === null || !streams.includes(stream) ? [] : [{ id, name: spec.name, stream, path }];
    return [...pick("out", paths.out), ...pick("err", paths.error)];
  });
  const stream = startStream(request, response);
  stream.open();
  const lines = Number(query.get("lines") ?? 15);
  const follow = query.get("follow") === "true";
  for await (const line of streamLogs({ sources, lines, follow, signal: stream.signal })) {
    if (!stream.write(line)) await stream.drained();
    if (stream.signal.aborted) return;
  }
  stream.end();
}

function eventView({ at, event, before, facts }: Change, name: string): ProcessEventView {
  const decision = facts.decisions.at(-1) ?? null;
  const isNew = decision !== (before?.decisions.at(-1) ?? null);
  return {
    at,
    id: facts.id,
    name,
    event,
    status: facts.status,
    pid: facts.child?.pid ?? null,
    decision: isNew ? decision : null,
  };
}
