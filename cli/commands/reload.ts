import { connect } from "../../runtime/client/connection/client.ts";
import { environmentArgs, fileArgs, targetArgs, xmCommand } from "../call/command.ts";
import { changesFor } from "../apps/known-apps.ts";
import { showReload } from "../render/reload-progress.ts";
import { showListAfter } from "../render/show-list.ts";
import { startFileTargets } from "../apps/file-targets.ts";
import { startArgs } from "../apps/start-flags.ts";
import { resolveTargets } from "../apps/targets.ts";

export default xmCommand({
  name: "reload",
  description: "Replaces processes one at a time; clusters keep serving",
  args: {
    ...targetArgs,
    ...startArgs,
    ...fileArgs,
    "update-env": environmentArgs["update-env"],
    force: {
      type: "boolean",
      alias: "f",
      description: "Continue even if a replacement fails, as PM2 does",
    },
  },
  takesRest: true,
  run: async ({ args, data }) => {
    const { fields, environment, updatesEnv, others, isDone } = await startFileTargets(
      args,
      data.rest,
      { known: "reload", by: "`xm reload`" },
    );
    const client = connect();
    if (isDone) return showListAfter(client);
    const chosen = await resolveTargets(client, others);
    const lines = client.reload({
      ids: chosen.map(({ id }) => id),
      by: "`xm reload`",
      ...(args.force === true ? { force: true } : {}),
      ...(await changesFor(client, chosen, { fields, updatesEnv, environment }, "reload")),
    });
    return showReload({ client, lines, chosen });
  },
});
