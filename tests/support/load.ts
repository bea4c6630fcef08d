import { Agent, get, request } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";

/** What became of the requests of a load. */
export interface LoadResult {
  readonly done: number;
  readonly failed: number;
  /** How often each failure was met, by its message. */
  readonly failures: Readonly<Record<string, number>>;
  /** How often each body was answered. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface Load {
  /** The counts so far. */
  count(): LoadResult;
  /** Waits for what is in flight. */
  stop(): Promise<LoadResult>;
}

/** A load of runners that end when `stopping` is aborted. */
export function loadOf(
  counted: () => LoadResult,
  stopping: AbortController,
  running: readonly Promise<void>[],
): Load {
  const count = (): LoadResult => {
    const { failures, answers, ...numbers } = counted();
    return { ...numbers, failures: { ...failures }, answers: { ...answers } };
  };
  return {
    count,
    stop: async () => {
      stopping.abort();
      await Promise.all(running);
      return count();
    },
  };
}

/** An answer that takes longer counts as none; ms. */
const answersWithinMs = 10_000;

/**
 * Asks a server again and again over some connections at once. Nothing is tried twice: a connection that is cut,
 * refused or answered by anything but 200 is a failed request.
 */
export function startLoad(options: {
  readonly port?: number;
  readonly socketPath?: string;
  /** Instead of 127.0.0.1. */
  readonly host?: string;
  /** Authority of the server's certificate: it is asked by HTTPS. */
  readonly ca?: string;
  readonly path?: string;
  readonly connections: number;
  /** Each connection carries many requests; otherwise each request makes its own. */
  readonly keepAlive: boolean;
  /** Told of each failure as it is met. */
  readonly onFailure?: (why: string) => void;
}): Load {
  const { port, socketPath, host = "127.0.0.1", ca, path = "/", connections, keepAlive } = options;
  const agentOptions = { keepAlive, maxSockets: 1, maxFreeSockets: 1 };
  const agents = Array.from({ length: connections }, () =>
    ca === undefined ? new Agent(agentOptions) : new SecureAgent({ ...agentOptions, ca }),
  );
  const failures: Record<string, number> = {};
  const answers: Record<string, number> = {};
  let done = 0;
  let failed = 0;
  const stopping = new AbortController();

  const ask = (agent: Agent): Promise<string | undefined> =>
    new Promise((resolve) => {
      const target = socketPath === undefined ? { host, port } : { socketPath };
      const asked = (ca === undefined ? request : secureRequest)(
        { ...target, path, agent },
        (response) => {
          let body = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => (body += chunk));
          response.on("error", (error) => resolve(error.message));
          response.on("end", () => {
            answers[body] = (answers[body] ?? 0) + 1;
            resolve(response.statusCode === 200 ? undefined : `status ${response.statusCode}`);
          });
        },
      );
      asked.setTimeout(answersWithinMs, () => asked.destroy(new Error("no answer")));
      asked.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      asked.end();
    });
  const run = async (agent: Agent): Promise<void> => {
    while (!stopping.signal.aborted) {
      const failure = await ask(agent);
      done += 1;
      if (failure === undefined) continue;
      failed += 1;
      options.onFailure?.(failure);
      failures[failure] = (failures[failure] ?? 0) + 1;
    }
    agent.destroy();
  };
  const running = agents.map(run);
  return loadOf(() => ({ done, failed, failures, answers }), stopping, running);
}

/** Asks a server of 127.0.0.1 once, over the connection of an agent, and gives the body. */
export function askOnce(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get({ host: "127.0.0.1", port, agent }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => resolve(body));
    });
    asked.on("error", reject);
  });
}
