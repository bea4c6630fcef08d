import { xmError } from "../../contract/errors.ts";
import type { HistoryRecord } from "../../contract/history.ts";
import { instanceLogPaths } from "../../host/log-files/paths.ts";
import type { Managed } from "../registry/registry.ts";
import { endOf, streamLogs, type LogSource } from "../../host/log-files/tail.ts";
import type { Exchange } from "./exchange.ts";
import { busTopics, type BusTopic } from "../../contract/api/schemas.ts";
import { kindsFrom, numberFrom } from "./query.ts";

/** Lines a slow listener may be behind before it is cut off: the daemon's memory is bounded. */
const mostPending = 10_000;

/** Past and present without a gap: what happens while the past is read, in the background, is sent after it. */
export async function events({
  daemon,
  query,
  response,
  openStream,
}: Exchange<"events">): Promise<void> {
  const kinds = kindsFrom(query);
  const { history } = daemon;
  const stream = openStream();
  let told = numberFrom(query.get("after"), history.lastSeq);
  let late: HistoryRecord[] | undefined = told < history.lastSeq ? [] : undefined;
  let pending = 0;
  const tell = (record: HistoryRecord): void => {
    if (record.seq <= told) return;
    told = record.seq;
    if (kinds?.includes(record.kind) === false) return;
    if (stream.write(record)) {
      pending = 0;
      return;
    }
    pending += 1;
    if (pending > mostPending) response.destroy();
  };
  stream.open();
  const unsubscribe = history.subscribe((record) => {
    if (late === undefined) tell(record);
    else if (late.push(record) > mostPending) response.destroy();
  });
  stream.signal.addEventListener("abort", unsubscribe);
  if (late === undefined) return;
  for await (const batch of history.scan({ afterSeq: told }, { back: false })) {
    for (const record of batch) tell(record);
    if (response.writableNeedDrain) await stream.drained();
    if (stream.signal.aborted) return;
    pending = 0;
  }
  const come = late;
  late = undefined;
  for (const record of come) tell(record);
}

/** What a listener of the bus may be behind before it is cut off; bytes. */
const mostBehindBytes = 4 * 1024 * 1024;

export function bus({ daemon, query, response, openStream }: Exchange<"bus">): void {
  const wanted = (query.get("topics") ?? busTopics.join(",")).split(",").filter(Boolean);
  const unknown = wanted.filter((topic) => !busTopics.includes(topic as BusTopic));
  if (unknown.length > 0) {
    const known = busTopics.join(", ");
    throw xmError("ERR_INPUT_INVALID", {
      faults: unknown.map((topic) => `topics: expected of ${known}, got ${topic}`),
    });
  }
  const stream = openStream();
  const unsubscribe = daemon.bus.subscribe(new Set(wanted as BusTopic[]), (event) => {
    stream.write(event);
    if (response.writableLength > mostBehindBytes) response.destroy();
  });
  stream.signal.addEventListener("abort", unsubscribe);
  stream.open();
}

/** The last lines of a file that a query may ask for; `POST /logs` has no such bound. */
const mostLines = 10_000;
const mostBytesOfLines = 2 * 1024 * 1024;

export async function logs({ daemon, query, openStream }: Exchange<"logs">): Promise<void> {
  const ids = new Set((query.get("ids") ?? "").split(",").filter(Boolean).map(Number));
  const streams = (query.get("streams") ?? "out,err").split(",");
  const sources = [...ids].flatMap((id) => sourcesOf(daemon.registry.process(id), streams));
  const lines = numberFrom(query.get("lines"), 15);
  if (lines > mostLines) {
    throw xmError("ERR_INPUT_INVALID", {
      faults: [`lines: expected at most ${mostLines}, got ${lines}`],
    });
  }
  const follow = query.get("follow") === "true";
  const options = { sources, lines, follow, mostBytes: mostBytesOfLines };
  await tellLogs({ daemon, openStream }, options);
}

/** Processes that are not there are passed over: what another daemon knew may have been deleted since. */
export async function followLogs({
  daemon,
  body,
  openStream,
}: Exchange<"followLogs">): Promise<void> {
  const { ids, later, streams, from, lines, follow, daemon: isOwn } = body;
  const isMeant = ({ spec: { name, namespace } }: Managed): boolean =>
    later !== null &&
    (later.names === null || later.names.includes(name) || later.namespaces.includes(namespace));
  const chosen = daemon.registry
    .processes()
    .filter((managed) => ids.includes(managed.facts.id) || isMeant(managed));
  const own: LogSource = { id: -1, name: "PM2", stream: "out", path: daemon.paths.log };
  const sources = [...(isOwn ? [own] : []), ...chosen.flatMap((each) => sourcesOf(each, streams))];
  const watchLater = (add: (source: LogSource) => void): (() => void) =>
    daemon.recorder.subscribe(({ before, facts }) => {
      if (later === null || before !== undefined) return;
      const found = daemon.registry.processes().find((each) => each.facts.id === facts.id);
      if (found === undefined || !isMeant(found)) return;
      for (const source of sourcesOf(found, streams)) add({ ...source, from: endOf(source.path) });
    });
  await tellLogs(
    { daemon, openStream },
    {
      sources: sources.map((source) => ({ ...source, from: from[source.path] })),
      lines,
      follow,
      watchLater,
    },
  );
}

/** A stream ends as it should when the daemon stops for good; one that is cut is gone on with under the next. */
async function tellLogs(
  { daemon, openStream }: Pick<Exchange<"logs">, "daemon" | "openStream">,
  options: Omit<Parameters<typeof streamLogs>[0], "signal">,
): Promise<void> {
  const stream = openStream();
  stream.open();
  const ending = new AbortController();
  const subscription = daemon.god.subscribe({ complete: () => ending.abort() });
  const signal = AbortSignal.any([stream.signal, ending.signal]);
  try {
    for await (const lines of streamLogs({ ...options, signal })) {
      let isTaken = true;
      for (const line of lines) isTaken = stream.write(line);
      if (!isTaken) await stream.drained();
      if (stream.signal.aborted) return;
    }
    stream.end();
  } finally {
    subscription.unsubscribe();
  }
}

function sourcesOf({ spec, facts: { id } }: Managed, streams: readonly string[]): LogSource[] {
  const { out, error, combined } = instanceLogPaths(spec, id);
  const { name } = spec;
  const pick = (stream: "out" | "err", path: string | null): LogSource[] =>
    path === null || !streams.includes(stream) ? [] : [{ id, name, stream, path }];
  if (out === null && error === null && combined !== null) return pick("out", combined);
  return [...pick("out", out), ...pick("err", error)];
}
