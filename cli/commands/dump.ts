import { plain, plainLines } from "../../runtime/contract/plain.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import { xmCommand } from "../call/command.ts";
import { say, warn } from "../render/say.ts";
import { showListAfter } from "../render/show-list.ts";

export const save = xmCommand({
  name: "save",
  description: "Saves the list for `xm resurrect`; an empty one only with --force",
  args: { force: { type: "boolean", alias: "f", description: "Save an empty list too" } },
  run: async ({ args }) => {
    const client = connect();
    if (args.force !== true && (await client.list()).length === 0) {
      warn("there is nothing to save; `xm save --force` saves an empty list");
      return;
    }
    const { file, processes } = await client.save();
    say(`saved ${processes} process(es) to ${file}\n`);
  },
});

export const clear = xmCommand({
  name: "cleardump",
  description: "Saves an empty list; the previous one is kept as a backup",
  args: {},
  run: async () => {
    const { file } = await connect().save({ empty: true });
    say(`${file} is empty now; the previous list is in ${file}.bak\n`);
  },
});

export const resurrect = xmCommand({
  name: "resurrect",
  description: "Starts saved apps that are not running, including those saved by PM2",
  args: {},
  run: async () => {
    const { resurrect: start } = await import("../../runtime/client/pm2/resurrect.ts");
    const client = connect();
    const { outcomes, notes } = await start(client, "`xm resurrect`");
    for (const note of notes) warn(plain(note));
    for (const { ok, name, message } of outcomes) {
      if (ok) continue;
      process.exitCode = 1;
      process.stderr.write(`xm: ${plain(name)}: ${plainLines(message)}\n`);
    }
    await showListAfter(client);
  },
});
