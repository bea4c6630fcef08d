import { plain, plainLines } from "../../runtime/contract/plain.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { targetArgs, xmCommand } from "../call/command.ts";
import { resolveTargets } from "../apps/targets.ts";

export default xmCommand({
  name: "trigger",
  description: "Triggers a custom action in apps and shows the answers",
  args: {
    target: targetArgs.target,
    action: { type: "positional", description: "name of the action", required: false },
    params: { type: "positional", description: "parameters of the action", required: false },
  },
  run: async ({ args }) => {
    const [target, action, ...params] = args._;
    if (target === undefined || action === undefined) {
      throw xmError("ERR_USAGE", {
        what: "expected a process and the name of an action",
        fix: "`xm describe NAME` lists what it offers",
      });
    }
    const client = connect();
    const chosen = await resolveTargets(client, [target]);
    const results = await client.trigger({
      ids: chosen.map(({ id }) => id),
      action,
      target,
      ...(params.length === 0 ? {} : { params: params.join(" ") }),
    });
    for (const { id, name, ok, message, return: value } of results) {
      if (!ok) process.exitCode = 1;
      const answer = typeof value === "string" ? value : JSON.stringify(value);
      const stream = ok ? process.stdout : process.stderr;
      stream.write(`${plain(name)} (${id}): ${plainLines(ok ? answer : message)}\n`);
    }
  },
});
