import { connect } from "../../runtime/client/client.ts";
import type { Client } from "../../runtime/client/types.ts";
import { isEcosystemFile } from "../../runtime/config/load.ts";
import { xmError } from "../../runtime/errors.ts";
import { xmCommand } from "../command.ts";
import { showOutcomes } from "../outcomes.ts";
import { isFile, readScript } from "../read-apps.ts";
import { rawAppFrom, startArgs } from "../start-flags.ts";
import { startFile } from "../start-file.ts";
import { matchPlain } from "../targets.ts";

/** Words to start, and how. */
interface StartCall {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly rest: readonly string[];
  readonly environment: string | undefined;
  readonly only: string | undefined;
  readonly isForced: boolean;
  readonly updatesEnv: boolean;
}

export default xmCommand({
  name: "start",
  description: "Starts a script, a command, the apps of a file, or what is stopped",
  args: {
    target: {
      type: "positional",
      description:
        "script, command in quotes, ecosystem file, `-` for stdin, id, name, namespace or `all`",
      required: false,
    },
    ...startArgs,
    env: { type: "string", description: "Layer env_NAME of the file over env", valueHint: "NAME" },
    only: {
      type: "string",
      description: "Only these apps of the file, with commas",
      valueHint: "NAMES",
    },
    force: { type: "boolean", alias: "f", description: "Start a second copy of what runs" },
    "update-env": {
      type: "boolean",
      alias: "a",
      description: "Merge the caller's environment over the app's",
    },
  },
  run: async ({ args, data }) => {
    const given = args as Record<string, unknown> & { _: string[] };
    const call: StartCall = {
      raw: rawAppFrom(given),
      rest: data.rest,
      environment: given["env"] as string | undefined,
      only: given["only"] as string | undefined,
      isForced: given["force"] === true,
      updatesEnv: given["update-env"] === true,
    };
    if (given._.length === 0) {
      throw xmError("ERR_USAGE", {
        what: "nothing to start",
        fix: "name a script, a file, a process or `all`",
      });
    }
    for (const word of given._) await startOne(word, call);
  },
});

async function startOne(word: string, call: StartCall): Promise<void> {
  const { raw, environment, only } = call;
  if (word === "-" || (isEcosystemFile(word) && isFile(word))) {
    const known = call.isForced ? "copy" : "restart";
    return startFile(word, { environment, only, overrides: raw, known });
  }
  const client = connect();
  if (!isFile(word) && Object.keys(raw).length === 0 && call.rest.length === 0) {
    const known = matchPlain(await client.list(), word);
    if (known.length > 0) return startKnown(client, known, call);
    if (word === "all") throw xmError("ERR_NO_PROCESSES", undefined);
  }
  const args = call.rest.length > 0 ? { args: call.rest } : {};
  const apps = await readScript({ ...raw, script: word, ...args }, { environment });
  const outcomes = client.declare({
    apps,
    known: call.isForced ? "copy" : "refuse",
    by: "`xm start`",
  });
  await showOutcomes({ client, outcomes, expected: apps[0]?.instances, doing: "starting" });
}

/** PM2: a running one is restarted, any other started without counting a restart. */
async function startKnown(
  client: Client,
  known: ReturnType<typeof matchPlain>,
  call: StartCall,
): Promise<void> {
  const { callerVariables } = await import("../../runtime/config/environment.ts");
  const env = call.updatesEnv ? { env: callerVariables(process.env) } : {};
  const outcomes = client.act({
    action: "restart",
    ids: known.map(({ id }) => id),
    by: "`xm start`",
    ...env,
  });
  await showOutcomes({ client, outcomes, expected: known.length, doing: "starting" });
}
