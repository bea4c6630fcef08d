import { setTimeout } from "node:timers/promises";
import type { AnswerOf } from "../../contract/api/calls.ts";
import { xmError } from "../../contract/errors.ts";
import { resolveHome } from "../../host/home/paths.ts";
import { createAsker, type Asker } from "./_ask.ts";
import { hasDied } from "./faults.ts";
import type {
  Client,
  ConnectOptions,
  FollowRequest,
  HistoryQuery,
  LogLine,
  Outcome,
  ProcessDetail,
  RunCall,
  RunLine,
  UsageQuery,
} from "./types.ts";

/** A daemon whose processes are gone writes its state and ends; ms. */
const goneWithinMs = 30_000;

/**
 * Connects to the daemon of a home. Nothing is sent until the first call; if no daemon runs by then, one is
 * started (unless `autostart` is false) and the call continues.
 */
export function connect(options: ConnectOptions = {}): Client {
  const home = options.home ?? resolveHome(process.env);
  const { autostart = true, lifeline = false, checksAnswers = false } = options;
  const asker = createAsker({ home, autostart, lifeline, checksAnswers });
  const { json, lines } = asker;
  return {
    home,
    ping: () => json("ping", {}),
    daemon: () => json("daemon", {}),
    list: (query) => json("processes", query?.metrics === true ? { query: "metrics=true" } : {}),
    details: (query) =>
      json("processes", { query: `detail=true&metrics=${query?.metrics === true}` }) as Promise<
        ProcessDetail[]
      >,
    detail: (id, query) =>
      json("process", {
        params: { id },
        ...(query?.usage === true ? { query: "usage=true" } : {}),
      }),
    declare: (body) => declareOn(asker, body),
    act: (body) => lines("act", { body }),
    run: (body) => runOn(asker, body),
    reload: (body) => lines("reload", { body }),
    trigger: (body) => json("trigger", { body }),
    scale: (app, instances, by) =>
      lines("scale", { params: { name: app }, body: { instances, by } }),
    signal: (ids, signal) => json("signal", { body: { ids, signal } }),
    message: (ids, message) => json("message", { body: { ids, message } }),
    input: (ids, text) => json("input", { body: { ids, text } }),
    states: (id) => json("states", { params: { id } }),
    usage: (query) => json("usage", { query: queryOf(query) }),
    history: (query) => json("history", { query: queryOf(query) }),
    logs: ({ ids, lines: count, follow, streams }, signal) =>
      lines("logs", {
        query: `ids=${ids.join(",")}&lines=${count}&follow=${follow}&streams=${streams.join(",")}`,
        signal,
      }),
    followLogs: (body, signal) => followOn(asker, body, signal),
    flushLogs: (ids, daemon) => json("flushLogs", { body: { ids, daemon } }),
    rotateLogs: (ids) => json("rotateLogs", { body: { ids } }),
    reopenLogs: () => json("reopenLogs", {}),
    events: (signal, after) =>
      lines("events", { signal, ...(after === undefined ? {} : { query: `after=${after}` }) }),
    holdDebugger: (id, signal) => lines("inspect", { body: { id, hold: true }, signal }),
    profile: async (body) => {
      let profile: object = {};
      for await (const line of lines("profile", { body })) profile = line;
      return profile;
    },
    profileApp: async (body) => {
      const parts: string[] = [];
      for await (const { part, hasLine } of lines("profile", { body })) {
        if (hasLine === false) return undefined;
        if (part !== undefined) parts.push(part);
      }
      return parts.join("");
    },
    save: (options = {}) => json("save", { body: options }),
    openInspector: (body) => json("openInspector", { body }),
    inspector: () => json("inspector", {}),
    closeInspector: (by) => json("closeInspector", { body: { by } }),
    bus: (topics, { abort, onOpen } = {}) =>
      lines("bus", { query: `topics=${topics.join(",")}`, signal: abort }, { onOpen }),
    resurrect: (by) => json("resurrect", { body: { by } }),
    shutDown: (by) => leave(asker, "shutDown", by),
    handOver: async (by) => {
      await leave(asker, "handOver", by);
    },
  };
}

/** Goes on from the positions it had, under whichever daemon is there. */
async function* followOn(
  { lines }: Asker,
  body: FollowRequest,
  signal: AbortSignal | undefined,
): AsyncIterable<LogLine> {
  const from = { ...body.from };
  let waits = false;
  for (let count = body.lines; ; count = 0) {
    try {
      const request = { ...body, lines: count, from };
      for await (const line of lines("followLogs", { body: request, signal }, { waits })) {
        if (line.position !== null) from[line.file] = line.position;
        yield line;
      }
      return;
    } catch (error) {
      if (signal?.aborted === true) return;
      if (!body.follow || !hasDied(error)) throw error;
    }
    waits = true;
  }
}

/**
 * A daemon killed in the middle of a declaration is followed by one that continues with it (everything is in the
 * journal before the first start): ask that one, and leave what it has.
 */
async function* declareOn(
  { lines }: Asker,
  body: Parameters<Client["declare"]>[0],
): AsyncIterable<Outcome> {
  const told = new Set<number>();
  try {
    for await (const outcome of lines("declare", { body })) {
      told.add(outcome.id);
      yield outcome;
    }
  } catch (error) {
    if (!hasDied(error) || body.known === "copy") throw error;
    for await (const outcome of lines("declare", { body: { ...body, known: "leave" } })) {
      if (!told.has(outcome.id)) yield outcome;
    }
  }
}

/**
 * The next daemon knows how a run ends that has begun. Whether it had begun when the daemon died before it said so is not
 * known, and it is not begun a second time.
 */
async function* runOn(
  { lines }: Asker,
  { id, name, by, args, settings }: RunCall,
): AsyncIterable<RunLine> {
  const given = {
    ...(args === undefined ? {} : { args: [...args] }),
    ...(settings === undefined ? {} : { settings: [...settings] }),
  };
  for (let isBegun = false; ;) {
    const body = { id, by, isBegun, ...(isBegun ? {} : given) };
    try {
      for await (const line of lines("run", { body }, { waits: isBegun })) {
        isBegun = true;
        yield line;
      }
      return;
    } catch (error) {
      if (!hasDied(error)) throw error;
      if (!isBegun) throw xmError("ERR_RUN_UNKNOWN", { name }, { cause: error });
    }
  }
}

/** Ends a daemon, and waits until it has gone. */
async function leave(
  { json }: Asker,
  how: "shutDown" | "handOver",
  by: string,
): Promise<AnswerOf<"shutDown">> {
  const { pid } = await json("ping", {});
  // Two may end it at once: what one of them asks for is what the other gets.
  const result = await json(how, { body: { by } }).catch((error: unknown) => {
    if (hasDied(error)) return { stopped: 0, note: null };
    throw error;
  });
  await gone(pid);
  return result;
}

function queryOf({ ids, apps = [], kinds, ...numbers }: HistoryQuery & UsageQuery): string {
  const given = { ids: ids?.join(","), kinds: kinds?.join(","), ...numbers };
  return [...Object.entries(given), ...apps.map((key) => ["app", encodeURIComponent(key)] as const)]
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
    .join("&");
}

/** Resolves when a process that announced its end has ended; a zombie counts as ended. */
async function gone(pid: number): Promise<void> {
  const { isLiving, readProcess } = await import("../../host/procfs.ts");
  const deadline = Date.now() + goneWithinMs;
  for (;;) {
    const stat = readProcess(pid);
    if (stat === undefined || !isLiving(stat)) return;
    if (Date.now() > deadline) {
      throw xmError("ERR_DAEMON_UNRESPONSIVE", { pid, afterMs: goneWithinMs });
    }
    await setTimeout(5);
  }
}
