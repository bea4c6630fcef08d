import { xmError } from "../errors.ts";
import type { HistoryRecord } from "../history/record.ts";
import { instanceLogPaths } from "../logs/paths.ts";
import { streamLogs } from "../logs/tail.ts";
import { startStream } from "./exchange.ts";
import type { Exchange } from "./routes.ts";
import { busTopics, type BusTopic } from "./schemas.ts";

/** Lines a slow listener may be behind before it is cut off: the daemon's memory is bounded. */
const mostPending = 10_000;

/** Past and present without a gap: what happens while the past is read is told after it. */
export function events({ daemon, request, response, query }: Exchange): void {
  const stream = startStream(request, response);
  let told = Number(query.get("after") ?? daemon.history.lastSeq);
  let pending = 0;
  const tell = (record: HistoryRecord): void => {
    if (record.seq <= told) return;
    told = record.seq;
    if (stream.write(record)) {
      pending = 0;
      return;
    }
    pending += 1;
    if (pending > mostPending) response.destroy();
  };
  stream.open();
  for (const record of daemon.history.read({ afterSeq: told })) tell(record);
  stream.signal.addEventListener("abort", daemon.history.subscribe(tell));
}

/** What a listener of the bus may be behind before it is cut off; bytes. */
const mostBehindBytes = 4 * 1024 * 1024;

export function bus({ daemon, request, response, query }: Exchange): void {
  const wanted = (query.get("topics") ?? busTopics.join(",")).split(",").filter(Boolean);
  const unknown = wanted.filter((topic) => !busTopics.includes(topic as BusTopic));
  if (unknown.length > 0) {
    const known = busTopics.join(", ");
    throw xmError("ERR_INPUT_INVALID", {
      faults: unknown.map((topic) => `topics: expected of ${known}, got ${topic}`),
    });
  }
  const stream = startStream(request, response);
  const unsubscribe = daemon.bus.subscribe(new Set(wanted as BusTopic[]), (event) => {
    stream.write(event);
    if (response.writableLength > mostBehindBytes) response.destroy();
  });
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
