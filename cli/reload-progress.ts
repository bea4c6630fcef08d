import type { Client, Outcome, Progress } from "../runtime/client/types.ts";
import { showOutcomes } from "./outcomes.ts";
import { paint } from "./render/colors.ts";

/** What each step is called, and who takes it: the replacement or the process it replaces. */
const words: Readonly<Record<Progress["progress"], (step: Progress) => string>> = {
  starting: ({ pid }) => `starting pid ${pid}`,
  ready: ({ pid, livedMs }) => `pid ${pid} is ready after ${livedMs} ms`,
  late: ({ pid }) => `pid ${pid} has not said that it is ready`,
  draining: ({ pid }) => `pid ${pid} takes no new work and finishes what it has`,
  stopping: ({ pid }) => `stopping pid ${pid}`,
  ended: ({ pid }) => `pid ${pid} has ended`,
};

/** Shows a reload as it goes: a line for each step of each process, then the outcomes and the table. */
export async function showReload(options: {
  readonly client: Client;
  readonly lines: AsyncIterable<Outcome | Progress>;
  readonly expected: number;
}): Promise<void> {
  const { client, lines, expected } = options;
  await showOutcomes({ client, outcomes: outcomesOf(lines), expected, doing: "reloading" });
}

async function* outcomesOf(lines: AsyncIterable<Outcome | Progress>): AsyncIterable<Outcome> {
  const isSilent = process.env["XM_SILENT"] !== undefined;
  const begin = Date.now();
  for await (const line of lines) {
    if (!("progress" in line)) yield line;
    else if (!isSilent) {
      const seconds = `${((line.at - begin) / 1_000).toFixed(2)} s`.padStart(8);
      const who = `${line.name} (${line.id})`;
      process.stdout.write(`${paint("dim", seconds)}  ${who}: ${words[line.progress](line)}\n`);
    }
  }
}
