import { plain } from "../../runtime/contract/plain.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import type { Client, ProcessView } from "../../runtime/client/connection/types.ts";
import { targetArgs, xmCommand } from "../call/command.ts";
import { detailsOf } from "../apps/one-process.ts";
import { matchPlain } from "../apps/targets.ts";

/** Scripts read these: they print what PM2 prints, and an unknown name is an empty answer and no failure. */
export const pid = xmCommand({
  name: "pid",
  description: "Prints pids, one per line (0 if not running); all without a name",
  args: targetArgs,
  run: async ({ args }) => {
    const chosen = await named(connect(), args._.length === 0 ? ["all"] : args._);
    process.stdout.write(`${chosen.map((each) => each.pid ?? 0).join("\n")}\n`);
  },
});

export const id = xmCommand({
  name: "id",
  description: "Prints the ids that match a name",
  args: targetArgs,
  run: async ({ args }) => {
    const ids = (await named(connect(), args._)).map((each) => each.id);
    process.stdout.write(ids.length === 0 ? "[]\n" : `[ ${ids.join(", ")} ]\n`);
  },
});

export const env = xmCommand({
  name: "env",
  description: "Prints the environment a process is started with",
  args: targetArgs,
  run: async ({ args }) => {
    for (const { spec } of await detailsOf(connect(), args._)) {
      const lines = Object.entries(spec.env).map(([name, value]) => plain(`${name}: ${value}`));
      process.stdout.write(`${lines.sort().join("\n")}\n`);
    }
  },
});

async function named(client: Client, targets: readonly string[]): Promise<ProcessView[]> {
  const list = await client.list();
  const chosen = targets.flatMap((target) => matchPlain(list, target));
  return [...new Map(chosen.map((each) => [each.id, each])).values()];
}
