import { plain } from "../../runtime/contract/plain.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import type { Client, ProcessView } from "../../runtime/client/connection/types.ts";
import { XmError } from "../../runtime/contract/errors.ts";
import { targetArgs, xmCommand } from "../call/command.ts";
import { globals } from "../call/globals.ts";
import { resolveTargets } from "../apps/targets.ts";

export const flush = xmCommand({
  name: "flush",
  description: "Empties the log files of the given processes, or all of them and the daemon's own",
  args: targetArgs,
  run: async ({ args }) => {
    const client = connect();
    const isAll = args._.length === 0;
    const chosen = isAll ? await client.list() : await chosenFrom(client, args._);
    const { files, notes } = await client.flushLogs(
      chosen.map(({ id }) => id),
      isAll,
    );
    tell(files.map((file) => `emptied ${file}`));
    warn(notes);
  },
});

export const rotate = xmCommand({
  name: "rotate",
  description: "Rotates the log files of the given processes, or all of them, whatever their size",
  args: targetArgs,
  run: async ({ args }) => {
    const client = connect();
    const chosen = args._.length === 0 ? await client.list() : await resolveTargets(client, args._);
    const { files, notes } = await client.rotateLogs(chosen.map(({ id }) => id));
    tell(
      files.length === 0 && notes.length === 0
        ? ["nothing to rotate: the log files are empty"]
        : files,
    );
    warn(notes);
  },
});

export const reloadLogs = xmCommand({
  name: "reloadLogs",
  description: "Reopens log files that were renamed or removed (logrotate's `postrotate`)",
  args: {},
  run: async () => {
    const { notes } = await connect().reopenLogs();
    for (const note of notes) process.stderr.write(`xm: ${plain(note)}\n`);
    tell(["logs reloaded"]);
  },
});

/** A name without a process has no log to empty; that is not a failure (PM2). */
async function chosenFrom(client: Client, targets: readonly string[]): Promise<ProcessView[]> {
  try {
    return await resolveTargets(client, targets);
  } catch (error) {
    const codes = ["ERR_PROCESS_NOT_FOUND", "ERR_NO_PROCESSES"];
    if (!(error instanceof XmError) || !codes.includes(error.code)) throw error;
    process.stderr.write(`xm: ${error.message}: no log file was emptied\n`);
    return [];
  }
}

function tell(lines: readonly string[]): void {
  if (globals.isSilent) return;
  for (const line of lines) process.stdout.write(`${plain(line)}\n`);
}

/** What could not be done; it holds paths that others have named. */
function warn(notes: readonly string[]): void {
  for (const note of notes) process.stderr.write(`xm: ${plain(note)}\n`);
  if (notes.length > 0) process.exitCode = 1;
}
