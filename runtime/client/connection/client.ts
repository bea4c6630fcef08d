import { xmError } from "../../contract/errors.ts";
import { homePaths, resolveHome } from "../../host/home/paths.ts";
import { assertTrustworthy } from "../../host/home/trust.ts";
import type { Problem } from "../../contract/api/schemas.ts";
import { request, type Answer } from "./_http.ts";
import {
  errorFrom,
  hasDied,
  isAbsent,
  isEnd,
  isProblem,
  parse,
  translate,
  wasCut,
} from "./faults.ts";
import { presenceOf } from "./presence.ts";
import type {
  Client,
  ConnectOptions,
  FollowRequest,
  HistoryQuery,
  LogLine,
  Outcome,
  ProfileLine,
  Progress,
} from "./types.ts";

/** A daemon that has not begun to answer by then is called unresponsive; ms. */
const answerWithinMs = 3_500;

/** A daemon that has been silent for that long is asked whether it is there; both together are below five seconds. */
const pingWithinMs = 1_000;

/** A daemon that is away for longer does not come back by itself; ms. */
const comesBackWithinMs = 10_000;

/** A daemon whose processes are gone writes its state and ends; ms. */
const goneWithinMs = 30_000;

const apiPrefix = "/v1";

/**
 * Connects to the daemon of a home. Nothing is sent until the first call; if no daemon runs by then, one is
 * started (unless `autostart` is false) and the call goes on.
 */
export function connect(options: ConnectOptions = {}): Client {
  const home = options.home ?? resolveHome(process.env);
  const { socket } = homePaths(home);
  const autostart = options.autostart ?? true;

  const send = (
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<Answer> =>
    request({
      socket,
      method,
      path: apiPrefix + path,
      body,
      answerWithinMs,
      signal,
      isThere,
      isCommand: isCommand(method, path),
    });
  const isThere = presenceOf(home, () =>
    request({
      socket,
      method: "GET",
      path: `${apiPrefix}/ping`,
      answerWithinMs: pingWithinMs,
    }),
  );

  const reach = async (method: string, path: string, body?: unknown, signal?: AbortSignal) => {
    assertTrustworthy(homePaths(home));
    try {
      return await send(method, path, body, signal);
    } catch (error) {
      // A question may be asked again; a command whose daemon died may have been carried out.
      const mayAskAgain = method === "GET" && wasCut(error);
      if (!isAbsent(error) && !mayAskAgain) throw translate(error, { home, answerWithinMs });
      if (!autostart) throw xmError("ERR_DAEMON_NOT_RUNNING", { home }, { cause: error });
    }
    const { launchDaemon } = await import("./launch.ts");
    await launchDaemon(home, () => answers(send), { lifeline: options.lifeline === true });
    return send(method, path, body, signal).catch((error: unknown) => {
      throw translate(error, { home, answerWithinMs });
    });
  };

  const json = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await reach(method, path, body);
    let text = "";
    for await (const chunk of translated(answer.body)) text += chunk;
    return parse(answer.status, text) as T;
  };

  async function* lines<T>(
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
    ask = reach,
    onOpen?: () => void,
  ): AsyncIterable<T> {
    const answer = await ask(method, path, body, signal);
    if (answer.status === 200) onOpen?.();
    let text = "";
    let hasEnded = false;
    for await (const chunk of translated(answer.body)) {
      text += chunk;
      if (answer.status !== 200) continue;
      let start = 0;
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
        const value = JSON.parse(text.slice(start, end)) as
          | T
          | { end: true }
          | { problem: Problem };
        start = end + 1;
        if (isEnd(value)) hasEnded = true;
        else if (isProblem(value)) throw errorFrom(value.problem);
        else yield value;
      }
      text = text.slice(start);
    }
    if (answer.status !== 200) parse(answer.status, text);
    if (!hasEnded && signal?.aborted !== true) throw xmError("ERR_DAEMON_DIED", { home });
  }

  /** The body of an answer; its failure is reported in the catalog's words. */
  async function* translated(body: AsyncIterable<string>): AsyncIterable<string> {
    try {
      yield* body;
    } catch (error) {
      throw translate(error, { home, answerWithinMs });
    }
  }

  const leave = async <T>(path: string, by: string, otherwise: T): Promise<T> => {
    const { pid } = await json<{ pid: number }>("GET", "/ping");
    // Two may end it at once: what one of them asks for is what the other gets.
    const result = await json<T>("POST", path, { by }).catch((error: unknown) => {
      if (hasDied(error)) return otherwise;
      throw error;
    });
    await gone(pid);
    return result;
  };

  return {
    home,
    ping: () => json("GET", "/ping"),
    daemon: () => json("GET", "/daemon"),
    list: (query) => json("GET", `/processes${query?.metrics === true ? "?metrics=true" : ""}`),
    details: (query) => json("GET", `/processes?detail=true&metrics=${query?.metrics === true}`),
    detail: (id) => json("GET", `/processes/${id}`),
    declare: (body) => declareOn(body),
    act: (body) => lines<Outcome>("POST", "/actions", body),
    reload: (body) => lines<Outcome | Progress>("POST", "/reloads", body),
    trigger: (body) => json("POST", "/trigger", body),
    scale: (app, instances, by) =>
      lines<Outcome>("POST", `/apps/${encodeURIComponent(app)}/scale`, { instances, by }),
    signal: (ids, signal) => json("POST", "/signals", { ids, signal }),
    message: (ids, message) => json("POST", "/messages", { ids, message }),
    input: (ids, text) => json("POST", "/input", { ids, text }),
    states: (id) => json("GET", `/processes/${id}/states`),
    history: (query) => json("GET", `/history?${queryOf(query)}`),
    logs: (query, signal) =>
      lines(
        "GET",
        `/logs?ids=${query.ids.join(",")}&lines=${query.lines}&follow=${query.follow}&streams=${query.streams.join(",")}`,
        undefined,
        signal,
      ),
    followLogs: followOn,
    flushLogs: (ids, daemon) => json("POST", "/logs/flush", { ids, daemon }),
    rotateLogs: (ids) => json("POST", "/logs/rotate", { ids }),
    reopenLogs: () => json("POST", "/logs/reopen"),
    events: (signal, after) =>
      lines("GET", after === undefined ? "/events" : `/events?after=${after}`, undefined, signal),
    holdDebugger: (id, signal) => lines("POST", "/inspections", { id, hold: true }, signal),
    profile: async (body) => {
      let profile: object = {};
      for await (const line of lines<object>("POST", "/profiles", body)) profile = line;
      return profile;
    },
    profileApp: async (body) => {
      const parts: string[] = [];
      for await (const { part, hasLine } of lines<ProfileLine>("POST", "/profiles", body)) {
        if (hasLine === false) return undefined;
        if (part !== undefined) parts.push(part);
      }
      return parts.join("");
    },
    save: (options = {}) => json("POST", "/dump", options),
    openInspector: (body) => json("POST", "/inspector", body),
    inspector: () => json("GET", "/inspector"),
    closeInspector: (by) => json("POST", "/inspector/close", { by }),
    bus: (topics, { abort, onOpen } = {}) =>
      lines("GET", `/bus?topics=${topics.join(",")}`, undefined, abort, reach, onOpen),
    resurrect: (by) => json("POST", "/resurrect", { by }),
    shutDown: (by) => leave("/daemon/shut-down", by, { stopped: 0, note: null }),
    handOver: async (by) => {
      await leave("/daemon/hand-over", by, undefined);
    },
  };

  /** Goes on from the positions it had, under whichever daemon is there. */
  async function* followOn(body: FollowRequest, signal?: AbortSignal): AsyncIterable<LogLine> {
    const from = { ...body.from };
    let ask = reach;
    for (let count = body.lines; ; count = 0) {
      try {
        const request = { ...body, lines: count, from };
        for await (const line of lines<LogLine>("POST", "/logs", request, signal, ask)) {
          if (line.position !== null) from[line.file] = line.position;
          yield line;
        }
        return;
      } catch (error) {
        if (signal?.aborted === true) return;
        if (!body.follow || !hasDied(error)) throw error;
      }
      ask = waitFor;
    }
  }

  /** The next daemon, which its watchdog starts; none is started from here. */
  async function waitFor(...call: Parameters<typeof reach>): Promise<Answer> {
    const deadline = Date.now() + comesBackWithinMs;
    for (;;) {
      try {
        return await send(...call);
      } catch (error) {
        if (!isAbsent(error) && !wasCut(error)) throw translate(error, { home, answerWithinMs });
        if (Date.now() > deadline)
          throw xmError("ERR_DAEMON_NOT_RUNNING", { home }, { cause: error });
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  }

  /**
   * A daemon killed in the middle of a declaration is followed by one that goes on with it (everything is in the
   * journal before the first start): ask that one, and leave what it has.
   */
  async function* declareOn(body: Parameters<Client["declare"]>[0]): AsyncIterable<Outcome> {
    const told = new Set<number>();
    try {
      for await (const outcome of lines<Outcome>("POST", "/apps", body)) {
        told.add(outcome.id);
        yield outcome;
      }
    } catch (error) {
      if (!hasDied(error) || body.known === "copy") throw error;
      for await (const outcome of lines<Outcome>("POST", "/apps", { ...body, known: "leave" })) {
        if (!told.has(outcome.id)) yield outcome;
      }
    }
  }
}

/** What is waited for until it is done. */
function isCommand(method: string, path: string): boolean {
  return method === "POST" && path !== "/logs";
}

function queryOf({ ids, apps = [], kinds, ...numbers }: HistoryQuery): string {
  const given = { ids: ids?.join(","), kinds: kinds?.join(","), ...numbers };
  return [...Object.entries(given), ...apps.map((key) => ["app", encodeURIComponent(key)] as const)]
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
    .join("&");
}

async function answers(send: (method: string, path: string) => Promise<Answer>): Promise<boolean> {
  try {
    const { status } = await send("GET", "/ping");
    return status === 200;
  } catch (error) {
    if (isAbsent(error) || wasCut(error)) return false;
    throw error;
  }
}

/** Resolves when a process that said it would end has ended; one that nobody has waited for yet has. */
async function gone(pid: number): Promise<void> {
  const { isLiving, readProcess } = await import("../../host/procfs.ts");
  const deadline = Date.now() + goneWithinMs;
  for (;;) {
    const stat = readProcess(pid);
    if (stat === undefined || !isLiving(stat)) return;
    if (Date.now() > deadline) {
      throw xmError("ERR_DAEMON_UNRESPONSIVE", { pid, afterMs: goneWithinMs });
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
