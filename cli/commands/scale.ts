import { connect } from "../../runtime/client/connection/client.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { xmCommand } from "../call/command.ts";
import { showOutcomes } from "../render/outcomes.ts";
import { resolveTargets } from "../apps/targets.ts";

export default xmCommand({
  name: "scale",
  description: "Scales an app to N processes",
  args: {
    app: { type: "positional", description: "Its name", required: false },
    number: { type: "positional", description: "N, +N or -N", required: false },
  },
  takesRest: true,
  run: async ({ rawArgs, data }) => {
    // The raw words, because a flag parser would take `-2` for a flag.
    const [name, wanted] = [...rawArgs, ...data.rest];
    const change = /^([+-]?)(\d+)$/.exec(wanted ?? "");
    if (name === undefined || change === null) {
      throw xmError("ERR_USAGE", {
        what: "expected a name and a number",
        fix: "for example `xm scale api 4`, `xm scale api +2`",
      });
    }
    const client = connect();
    const current = await resolveTargets(client, [name]);
    const count = Number(change[2]);
    const instances =
      change[1] === ""
        ? count
        : change[1] === "+"
          ? current.length + count
          : current.length - count;
    if (instances < 1) {
      throw xmError("ERR_USAGE", {
        what: `${name} has ${current.length} process(es): that would leave none`,
        fix: `\`xm delete ${name}\` removes it`,
      });
    }
    const outcomes = client.scale(current[0]?.app ?? name, instances, "`xm scale`");
    await showOutcomes({ client, outcomes, doing: "scaling" });
  },
});
