import { plain } from "../../runtime/contract/plain.ts";
import type {
  Client,
  Outcome,
  ProcessView,
  Progress,
} from "../../runtime/client/connection/types.ts";
import { hasDied } from "../../runtime/client/connection/faults.ts";
import type { XmError } from "../../runtime/contract/errors.ts";
import { showOutcomes } from "./outcomes.ts";
import { globals } from "../call/globals.ts";
import { paint } from "./colors.ts";

/** What each step is called, and who takes it: the replacement or the process it replaces. */
const words: Readonly<Record<Progress["progress"], (step: Progress) => string>> = {
  starting: ({ pid }) => `starting pid ${pid}`,
  ready: ({ pid, livedMs }) => `pid ${pid} is ready after ${livedMs} ms`,
  late: ({ pid }) => `pid ${pid} has not become ready in time`,
  draining: ({ pid }) => `pid ${pid} stops accepting work and drains`,
  stopping: ({ pid }) => `stopping pid ${pid}`,
  ended: ({ pid }) => (pid === null ? "nothing was started" : `pid ${pid} has ended`),
};

/** Shows a reload as it goes: a line for each step of each process, then the outcomes and the table. */
export async function showReload(options: {
  readonly client: Client;
  readonly lines: AsyncIterable<Outcome | Progress>;
  readonly chosen: readonly ProcessView[];
}): Promise<void> {
  const { client, lines, chosen } = options;
  const outcomes = outcomesOf(lines, { client, chosen, begin: Date.now() });
  await showOutcomes({ client, outcomes, expected: chosen.length, doing: "reloading" });
}

interface Watched {
  readonly client: Client;
  readonly chosen: readonly ProcessView[];
  readonly begin: number;
}

async function* outcomesOf(
  lines: AsyncIterable<Outcome | Progress>,
  watched: Watched,
): AsyncIterable<Outcome> {
  const { isSilent } = globals;
  try {
    for await (const line of lines) {
      if (!("progress" in line)) yield line;
      else if (!isSilent) {
        const seconds = `${((line.at - watched.begin) / 1_000).toFixed(2)} s`.padStart(8);
        const who = `${plain(line.name)} (${line.id})`;
        process.stdout.write(`${paint("dim", seconds)}  ${who}: ${words[line.progress](line)}\n`);
      }
    }
  } catch (error) {
    if (!hasDied(error)) throw error;
    const what = (error as XmError).code === "ERR_DAEMON_DIED" ? "has died" : "was replaced";
    if (!isSilent) process.stdout.write(`the daemon ${what}; the new one continues the reload\n`);
    yield* outcomesOfNext(watched, error as XmError);
  }
}

/** What became of a reload that the next daemon has finished, from the history. */
async function* outcomesOfNext(
  { client, chosen, begin }: Watched,
  died: XmError,
): AsyncIterable<Outcome> {
  const ids = chosen.map(({ id }) => id);
  for (;;) {
    const records = await client.history({ ids, since: begin, kinds: ["reload"] });
    const list = await client.list();
    const isUnderWay = list.some(({ id, reload }) => ids.includes(id) && reload !== null);
    if (isUnderWay) {
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
      continue;
    }
    for (const { id, name, app } of chosen) {
      const last = records.findLast((each) => each.app === app);
      // It died before it had begun.
      if (last?.reload == null) throw died;
      const { failure } = last.reload;
      const ok = last.event === "reload.succeeded";
      const now = list.find((each) => each.id === id);
      const reason = failure?.id === id ? failure.reason : "the reload was aborted";
      yield {
        id,
        name,
        ok,
        kind: ok ? "reloaded" : "failed",
        message: ok ? "reloaded" : reason,
        note: null,
        warning: null,
        lastWords: failure?.id === id ? (failure.lastWords ?? []) : [],
        changed: [],
        status: now?.status ?? "removed",
        pid: now?.pid ?? null,
      };
    }
    return;
  }
}
