import type { Client, ProcessView } from "../../runtime/client/connection/types.ts";
import { messageOf } from "../../runtime/contract/errors.ts";
import { codeAfterStop, endingOf, type ExitPolicy } from "./exit-policy.ts";

export interface SupervisionOptions {
  readonly client: Client;
  readonly policy: ExitPolicy | undefined;
  readonly significant: readonly string[];
  readonly graceMs: number;
  readonly say: (line: string) => void;
  /** Called once, when nothing runs any more; the daemon is still there. */
  readonly finished: (code: number, why: string) => void;
}

export interface Supervision {
  /** Everything that was asked for has been started: from now on the exit policy counts. */
  begin(): void;
  /** Stops every app and ends; the code is that of the apps unless it is given. */
  leave(why: string, code?: number): Promise<void>;
  /** Replaces every app that runs, without a gap where that can be. */
  reload(by: string): Promise<void>;
  isLeaving(): boolean;
}

/** After `stop_grace` everything has been killed; the kernel reports it within this time or not at all; ms. */
const goneWithinMs = 1_000;

/** Watches the apps of a container and ends it when its policy or a signal demands it. */
export function supervise(options: SupervisionOptions): Supervision {
  const { client, policy, significant, say, finished } = options;
  const abort = new AbortController();
  let hasBegun = false;
  let hasLeft = false;

  const leave = async (why: string, code?: number): Promise<void> => {
    if (hasLeft) return;
    hasLeft = true;
    abort.abort();
    const last = await stopAll(options, why);
    finished(code ?? codeAfterStop(last), why);
  };

  let isLooking = false;
  let looksAgain = false;
  const look = async (): Promise<void> => {
    if (!hasBegun || hasLeft || policy === undefined) return;
    looksAgain = true;
    if (isLooking) return;
    isLooking = true;
    try {
      while (looksAgain) {
        looksAgain = false;
        const processes = await client.list();
        const ending = endingOf(policy, processes, significant);
        if (ending !== undefined) return void leave(ending.why, ending.code);
      }
    } finally {
      isLooking = false;
    }
  };
  const listen = async (): Promise<void> => {
    for await (const _ of client.events(abort.signal)) void look().catch(complain);
  };
  const complain = (error: unknown): void => {
    if (!hasLeft) say(messageOf(error));
  };
  void listen().catch(complain);

  return {
    leave,
    isLeaving: () => hasLeft,
    begin: () => {
      hasBegun = true;
      void look().catch(complain);
    },
    reload: async (by) => {
      const ids = (await client.list())
        .filter(({ status }) => status === "online")
        .map(({ id }) => id);
      if (ids.length === 0) return;
      for await (const line of client.reload({ ids, by })) {
        if ("progress" in line) continue;
        if (line.ok) say(`${line.name} (${line.id}): reloaded`);
        else say(`${line.name} (${line.id}): ${line.message}`);
      }
    },
  };
}

/**
 * Asks every process to end, and kills what has not by the end of the grace period.
 * @returns those that ended by it, with how.
 */
async function stopAll(options: SupervisionOptions, by: string): Promise<ProcessView[]> {
  const { client, graceMs, say } = options;
  const before = await client.list();
  const ids = before.map(({ id }) => id);
  if (ids.length === 0) return [];
  let timer: NodeJS.Timeout | undefined;
  const isOver = new Promise<"over">((resolve) => {
    timer = setTimeout(() => {
      void killAll(client, say).then(() => setTimeout(() => resolve("over"), goneWithinMs));
    }, graceMs);
  });
  const stopped = (async () => {
    for await (const outcome of client.act({ action: "stop", ids, by })) {
      if (!outcome.ok) say(`${outcome.name} (${outcome.id}): ${outcome.message}`);
    }
  })();
  await Promise.race([stopped, isOver]);
  clearTimeout(timer);
  const known = new Map(before.map(({ id, lastExit }) => [id, lastExit?.at]));
  return (await client.list()).filter(
    ({ id, lastExit }) => lastExit !== null && lastExit.at !== known.get(id),
  );
}

async function killAll(client: Client, say: (line: string) => void): Promise<void> {
  for (const { name, id, pid } of await client.list()) {
    if (pid === null) continue;
    say(`${name} (${id}) did not exit within --stop-grace: killed`);
    for (const target of [-pid, pid]) {
      try {
        process.kill(target, "SIGKILL");
      } catch (error) {
        // It leads no group (a worker of a cluster), or has just ended.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
  }
}
