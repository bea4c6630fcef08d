import { connect } from "../../runtime/client/client.ts";
import { xmCommand } from "../command.ts";
import { printList } from "../render/list.ts";

export const save = xmCommand({
  name: "save",
  description: "Saves the list for `xm resurrect`",
  args: { force: { type: "boolean", alias: "f", description: "Save an empty list too" } },
  run: async () => {
    const { file, processes } = await connect().save();
    process.stdout.write(`saved ${processes} process(es) to ${file}\n`);
  },
});

export const resurrect = xmCommand({
  name: "resurrect",
  description: "Starts what the saved list has and the daemon has not",
  args: {},
  run: async () => {
    const client = connect();
    const { outcomes, notes } = await client.resurrect("`xm resurrect`");
    for (const note of notes) process.stderr.write(`xm: ${note}\n`);
    for (const { ok, name, message } of outcomes) {
      if (ok) continue;
      process.exitCode = 1;
      process.stderr.write(`xm: ${name}: ${message}\n`);
    }
    printList(await client.list({ metrics: true }));
  },
});
