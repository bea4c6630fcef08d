import { setTimeout } from "node:timers/promises";
import {
  calls,
  type AnswerOf,
  type Call,
  type CallName,
  type GivenTo,
  type JsonCall,
} from "../../contract/api/calls.ts";
import type { Problem } from "../../contract/api/schemas.ts";
import { xmError } from "../../contract/errors.ts";
import { homePaths } from "../../host/home/paths.ts";
import { assertTrustworthy } from "../../host/home/trust.ts";
import { request, type Answer } from "./_http.ts";
import { errorFrom, isAbsent, isEnd, isProblem, parse, translate, wasCut } from "./faults.ts";
import { presenceOf } from "./presence.ts";

/** A daemon that has not begun to answer by then is called unresponsive; ms. */
const answerWithinMs = 3_500;

/** A daemon that has been silent this long is pinged; both times together are below five seconds. */
const pingWithinMs = 1_000;

/** A daemon that is away for longer does not come back by itself; ms. */
const comesBackWithinMs = 10_000;

const apiPrefix = "/v1";

type Reach = (
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
) => Promise<Answer>;

/** What goes with a call. */
type Asked<N extends CallName> = {
  /** For the `:name` parts of its path. */
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: string;
  readonly signal?: AbortSignal | undefined;
} & (GivenTo<N> extends undefined ? { readonly body?: undefined } : { readonly body: GivenTo<N> });

/** How a stream is reached and begun. */
interface Following {
  /** Only a daemon that comes back by itself is asked; none is started. */
  readonly waits?: boolean;
  /** Called when nothing that happens from then on is missed. */
  readonly onOpen?: (() => void) | undefined;
}

/** Asks a daemon by the calls of the contract. */
export interface Asker {
  readonly json: <N extends JsonCall>(name: N, asked: Asked<N>) => Promise<AnswerOf<N>>;
  readonly lines: <N extends CallName>(
    name: N,
    asked: Asked<N>,
    following?: Following,
  ) => AsyncIterable<AnswerOf<N>>;
}

/** Asks the daemon of a home; one is started when none is there, unless `autostart` is false. */
export function createAsker(options: {
  readonly home: string;
  readonly autostart: boolean;
  readonly lifeline: boolean;
  readonly checksAnswers: boolean;
}): Asker {
  const { home, autostart, lifeline, checksAnswers } = options;
  const { socket } = homePaths(home);

  const send: Reach = (method, path, body, signal) =>
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

  const reach: Reach = async (method, path, body, signal) => {
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
    await launchDaemon(home, () => answers(send), { lifeline });
    return send(method, path, body, signal).catch((error: unknown) => {
      throw translate(error, { home, answerWithinMs });
    });
  };

  /** The next daemon, which its watchdog starts; none is started from here. */
  const waitFor: Reach = async (...call) => {
    const deadline = Date.now() + comesBackWithinMs;
    for (;;) {
      try {
        return await send(...call);
      } catch (error) {
        if (!isAbsent(error) && !wasCut(error)) throw translate(error, { home, answerWithinMs });
        if (Date.now() > deadline)
          throw xmError("ERR_DAEMON_NOT_RUNNING", { home }, { cause: error });
      }
      await setTimeout(20);
    }
  };

  const check = async (): Promise<(name: CallName, value: unknown) => void> =>
    checksAnswers ? (await import("./check-answer.ts")).checkAnswer : () => {};

  /** The body of an answer; its failure is reported in the catalog's words. */
  async function* translated(body: AsyncIterable<string>): AsyncIterable<string> {
    try {
      yield* body;
    } catch (error) {
      throw translate(error, { home, answerWithinMs });
    }
  }

  return {
    json: async <N extends JsonCall>(name: N, asked: Asked<N>) => {
      const { method } = calls[name];
      const answer = await reach(method, pathOf(calls[name], asked), asked.body);
      let text = "";
      for await (const chunk of translated(answer.body)) text += chunk;
      const value = parse(answer.status, text);
      (await check())(name, value);
      return value as AnswerOf<N>;
    },
    lines: async function* <N extends CallName>(
      name: N,
      { signal, ...asked }: Asked<N>,
      { waits = false, onOpen }: Following = {},
    ) {
      const ask = waits ? waitFor : reach;
      const { method } = calls[name];
      const path = pathOf(calls[name], asked);
      const answer = await ask(method, path, asked.body, signal);
      if (answer.status === 200) onOpen?.();
      const checkLine = await check();
      let text = "";
      let hasEnded = false;
      for await (const chunk of translated(answer.body)) {
        text += chunk;
        if (answer.status !== 200) continue;
        let start = 0;
        for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
          const value = JSON.parse(text.slice(start, end)) as
            | AnswerOf<N>
            | { end: true }
            | { problem: Problem };
          start = end + 1;
          if (isEnd(value)) hasEnded = true;
          else if (isProblem(value)) throw errorFrom(value.problem);
          else {
            checkLine(name, value);
            yield value;
          }
        }
        text = text.slice(start);
      }
      if (answer.status !== 200) parse(answer.status, text);
      if (!hasEnded && signal?.aborted !== true) throw xmError("ERR_DAEMON_DIED", { home });
    },
  };
}

function pathOf(
  { path }: Call,
  {
    params = {},
    query,
  }: {
    readonly params?: Readonly<Record<string, string | number>> | undefined;
    readonly query?: string | undefined;
  },
): string {
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String(params[name])),
  );
  return query === undefined ? filled : `${filled}?${query}`;
}

/** What is waited for until it is done. */
function isCommand(method: string, path: string): boolean {
  return method === "POST" && path !== "/logs";
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
