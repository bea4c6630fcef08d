import { connect } from "../../runtime/client/client.ts";
import { targetArgs, xmCommand } from "../command.ts";
import { resolveTargets } from "../targets.ts";

export const flush = xmCommand({
  name: "flush",
  description: "Empties log files: of the processes named, or of all and the daemon's own",
  args: targetArgs,
  run: async ({ args }) => {
    const client = connect();
    const isAll = args._.length === 0;
    const chosen = isAll ? await client.list() : await resolveTargets(client, args._);
    const { files } = await client.flushLogs(
      chosen.map(({ id }) => id),
      isAll,
    );
    tell(files.map((file) => `emptied ${file}`));
  },
});

export const reloadLogs = xmCommand({
  name: "reloadLogs",
  description: "Makes log files anew that were renamed or removed (logrotate's `postrotate`)",
  args: {},
  run: async () => {
    const { notes } = await connect().reopenLogs();
    for (const note of notes) process.stderr.write(`xm: ${note}\n`);
    tell(["logs reloaded"]);
  },
});

function tell(lines: readonly string[]): void {
  if (process.env["XM_SILENT"] !== undefined) return;
  for (const line of lines) process.stdout.write(`${line}\n`);
}
