import { connect } from "../../runtime/client/client.ts";
import { targetArgs, xmCommand } from "../command.ts";
import { detailsOf } from "../one-process.ts";
import { resolveTargets } from "../targets.ts";

export const pid = xmCommand({
  name: "pid",
  description: "Prints pids, one per line; without a name the daemon's",
  args: targetArgs,
  run: async ({ args }) => {
    const client = connect();
    const pids =
      args._.length === 0
        ? [(await client.ping()).pid]
        : (await resolveTargets(client, args._)).map((each) => each.pid ?? 0);
    process.stdout.write(`${pids.join("\n")}\n`);
  },
});

export const id = xmCommand({
  name: "id",
  description: "Prints the ids of a name as a list",
  args: targetArgs,
  run: async ({ args }) => {
    const chosen = await resolveTargets(connect(), args._);
    process.stdout.write(`[ ${chosen.map((each) => each.id).join(", ")} ]\n`);
  },
});

export const env = xmCommand({
  name: "env",
  description: "Prints the environment a process is started with",
  args: targetArgs,
  run: async ({ args }) => {
    for (const { spec } of await detailsOf(connect(), args._)) {
      const lines = Object.entries(spec.env).map(([name, value]) => `${name}=${value}`);
      process.stdout.write(`${lines.sort().join("\n")}\n`);
    }
  },
});
