import { connect } from "../../runtime/client/client.ts";
import { environmentArgs, targetArgs, xmCommand } from "../command.ts";
import { showReload } from "../reload-progress.ts";
import { resolveTargets } from "../targets.ts";

const reloadArgs = {
  ...targetArgs,
  ...environmentArgs,
  only: {
    type: "string",
    description: "Only these apps of the file, with commas",
    valueHint: "NAMES",
  },
  force: {
    type: "boolean",
    alias: "f",
    description: "Go on even if a replacement fails, as PM2 does",
  },
} as const;

export default xmCommand({
  name: "reload",
  description: "Replaces processes one after the other, without a gap for clusters",
  args: reloadArgs,
  run: async ({ args }) => {
    const targets = args._;
    const [first] = targets;
    const { isEcosystemFile } = await import("../../runtime/config/load.ts");
    if (first !== undefined && targets.length === 1 && (first === "-" || isEcosystemFile(first))) {
      const { startFile } = await import("../start-file.ts");
      const { env: environment, only } = args;
      return startFile(first, { environment, only, known: "reload" });
    }
    const client = connect();
    const chosen = await resolveTargets(client, targets);
    const { callerVariables } = await import("../../runtime/config/environment.ts");
    const lines = client.reload({
      ids: chosen.map(({ id }) => id),
      by: "`xm reload`",
      ...(args.force === true ? { force: true } : {}),
      ...(args["update-env"] === true ? { env: callerVariables(process.env) } : {}),
    });
    return showReload({ client, lines, chosen });
  },
});
