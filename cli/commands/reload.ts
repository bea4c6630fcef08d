import { connect } from "../../runtime/client/connection/client.ts";
import {
  environmentArgs,
  fileArgs,
  targetArgs,
  targetsAndRest,
  xmCommand,
} from "../call/command.ts";
import { changesFor } from "../apps/known-apps.ts";
import { showReload } from "../render/reload-progress.ts";
import { showListAfter } from "../render/show-list.ts";
import { rawAppFrom, startArgs } from "../apps/start-flags.ts";
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
    const given = args as Record<string, unknown> & { _: string[] };
    const { targets, rest } = targetsAndRest(given._, data.rest);
    const fields = {
      ...rawAppFrom(given),
      ...(rest.length > 0 ? { args: rest } : {}),
    };
    const environment = given["env"] as string | undefined;
    const only = given["only"] as string | undefined;
    const { isEcosystemFile } = await import("../../runtime/client/config/load.ts");
    const isConfiguration = (target: string): boolean => target === "-" || isEcosystemFile(target);
    const files = targets.filter(isConfiguration);
    const others = targets.filter((target) => !isConfiguration(target));
    const client = connect();
    for (const file of files) {
      const { startFile } = await import("../apps/start-file.ts");
      await startFile(file, {
        environment,
        only,
        overrides: fields,
        known: "reload",
        by: "`xm reload`",
      });
    }
    if (files.length > 0 && others.length === 0) {
      await showListAfter(client);
      return;
    }
    const chosen = await resolveTargets(client, others);
    const updatesEnv = given["update-env"] === true;
    const lines = client.reload({
      ids: chosen.map(({ id }) => id),
      by: "`xm reload`",
      ...(given["force"] === true ? { force: true } : {}),
      ...(await changesFor(client, chosen, { fields, updatesEnv, environment }, "reload")),
    });
    return showReload({ client, lines, chosen });
  },
});
