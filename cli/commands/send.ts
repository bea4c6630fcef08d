import { plain, plainLines } from "../../runtime/contract/plain.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { targetArgs, xmCommand } from "../call/command.ts";
import { tellFailure } from "../render/outcomes.ts";
import { say } from "../render/say.ts";
import { resolveTargets } from "../apps/targets.ts";

export default xmCommand({
  name: "send",
  description: "Writes a line to the standard input of a process",
  args: {
    target: targetArgs.target,
    line: { type: "positional", description: "the line to write", required: false },
  },
  takesRest: true,
  run: async ({ args, data }) => {
    const [target, ...words] = [...args._, ...data.rest];
    if (target === undefined || words.length === 0) {
      throw xmError("ERR_USAGE", {
        what: "expected a process and a line",
        fix: "for example `xm send 0 'reload rules'`; after `--` words may begin with a dash",
      });
    }
    const client = connect();
    const ids = (await resolveTargets(client, [target])).map(({ id }) => id);
    for (const outcome of await client.input(ids, `${words.join(" ")}\n`)) {
      const { ok, name, id, message } = outcome;
      if (ok) say(`${plain(name)} (${id}): ${plainLines(message)}\n`);
      else tellFailure(outcome);
    }
  },
});
