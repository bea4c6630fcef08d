import { connect } from "../../runtime/client/client.ts";
import type { HistoryEntry } from "../../runtime/client/types.ts";
import { statusWord } from "../../runtime/compat/status.ts";
import { targetArgs, xmCommand } from "../command.ts";
import { paint } from "../render/colors.ts";
import { formatTime } from "../render/format.ts";
import { resolveTargets } from "../targets.ts";

export default xmCommand({
  name: "history",
  description: "Shows the changes of a process's state, from the journal",
  args: {
    ...targetArgs,
    lines: { type: "string", description: "How many changes", valueHint: "N", default: "50" },
  },
  run: async ({ args }) => {
    const client = connect();
    for (const { id, name } of await resolveTargets(client, args._)) {
      const entries = await client.history(id, Number(args.lines));
      process.stdout.write(
        `${paint("bold", name)} (id ${id})\n${entries.map(renderEntry).join("\n")}\n`,
      );
    }
  },
});

function renderEntry(entry: HistoryEntry, index: number, all: readonly HistoryEntry[]): string {
  const { at, event, status, pid, generation, decision, reload } = entry;
  if (reload !== null) {
    const { by, done, total, failure } = reload;
    const why = failure === null ? "" : `\n      process ${failure.id}: ${failure.reason}`;
    return `  ${paint("grey", formatTime(at))}  ${event.padEnd(16)} ${done} of ${total} done, by ${by}${why}`;
  }
  const isNew = decision !== null && decision.at !== all[index - 1]?.decision?.at;
  const head = `  ${paint("grey", formatTime(at))}  ${event.padEnd(16)} ${statusWord(status ?? "stopped").padEnd(16)}`;
  return `${head}${pid === null ? "" : ` pid ${pid}`}${generation === 0 ? "" : ` (generation ${generation})`}${isNew ? `\n      ${decision.sentence}` : ""}`;
}
