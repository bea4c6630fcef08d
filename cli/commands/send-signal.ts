import { connect } from "../../runtime/client/connection/client.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { xmCommand } from "../call/command.ts";
import { tellFailure } from "../render/outcomes.ts";
import { say } from "../render/say.ts";
import { resolveTargets } from "../apps/targets.ts";

export default xmCommand({
  name: "sendSignal",
  description: "Sends a signal to the main process of each target",
  args: {
    signal: { type: "positional", description: "SIGUSR2, USR2 or a number", required: false },
    target: {
      type: "positional",
      description: "id, name, namespace, /regex/ or `all`",
      required: false,
    },
  },
  run: async ({ args }) => {
    const [signal, ...targets] = args._;
    if (signal === undefined) {
      throw xmError("ERR_USAGE", {
        what: "no signal named",
        fix: "for example `xm sendSignal SIGUSR2 api`",
      });
    }
    const client = connect();
    const chosen = await resolveTargets(client, targets);
    const outcomes = await client.signal(
      chosen.map(({ id }) => id),
      await signalName(signal),
    );
    for (const { ok, name, id, message } of outcomes) {
      if (ok) say(`${name} (${id}): ${message}\n`);
      else tellFailure({ name, id, message });
    }
  },
});

/** `12`, `usr2` and `SIGUSR2` are one. */
async function signalName(wanted: string): Promise<string> {
  const { constants } = await import("node:os");
  const byNumber = Object.entries(constants.signals).find(
    ([, number]) => String(number) === wanted,
  );
  if (byNumber !== undefined) return byNumber[0];
  const upper = wanted.toUpperCase();
  const name = upper.startsWith("SIG") ? upper : `SIG${upper}`;
  // An unknown signal is reported as it was written.
  return name in constants.signals ? name : wanted;
}
