import { connect } from "../../runtime/client/connection/client.ts";
import type { ActionRequest } from "../../runtime/client/connection/types.ts";
import { XmError } from "../../runtime/contract/errors.ts";
import {
  dependencyArgs,
  environmentArgs,
  fileArgs,
  targetArgs,
  xmCommand,
} from "../call/command.ts";
import { actOnKnown, type Changes } from "../apps/known-apps.ts";
import { showListAfter } from "../render/show-list.ts";
import { startFileTargets } from "../apps/file-targets.ts";
import { startArgs } from "../apps/start-flags.ts";
import { resolveTargets, type FileOptions } from "../apps/targets.ts";

const knownArgs = { ...targetArgs, ...fileArgs } as const;

export const stop = xmCommand({
  name: "stop",
  description: "Stops processes; they stay in the list",
  args: {
    ...knownArgs,
    watch: { type: "boolean", description: "Also stop watching their files" },
  },
  run: ({ args }) =>
    act("stop", args._, {
      doing: "stopping",
      mayBeNone: true,
      only: args.only,
      profile: args.profile,
      environment: args.env,
      ...(args.watch === true
        ? { changes: { fields: { watch: "false" }, updatesEnv: false } }
        : {}),
    }),
});

export const remove = xmCommand({
  name: "delete",
  description: "Stops processes and removes them from the list",
  args: knownArgs,
  run: ({ args }) =>
    act("delete", args._, {
      doing: "deleting",
      mayBeNone: true,
      only: args.only,
      profile: args.profile,
      environment: args.env,
    }),
});

export const restart = xmCommand({
  name: "restart",
  description:
    "Restarts processes, applying any new flags or arguments; given an ecosystem file, restarts its apps with the current settings",
  args: {
    ...targetArgs,
    ...startArgs,
    ...fileArgs,
    ...dependencyArgs,
    "update-env": environmentArgs["update-env"],
  },
  takesRest: true,
  run: async ({ args, data }) => {
    const ignoresDependencies = (args as Record<string, unknown>)["deps"] === false;
    const { fields, environment, updatesEnv, others, isDone } = await startFileTargets(
      args,
      data.rest,
      { known: "restart", by: "`xm restart`", ignoresDependencies },
    );
    if (isDone) return showListAfter(connect());
    await act("restart", others, {
      doing: "restarting",
      ignoresDependencies,
      changes: { fields, updatesEnv, environment },
    });
  },
});

export const reset = xmCommand({
  name: "reset",
  description: "Resets the restart counters",
  args: targetArgs,
  run: async ({ args }) => {
    try {
      await act("reset", args._, { doing: "resetting" });
    } catch (error) {
      // Where there is nothing, every counter is 0 (PM2).
      if (!(error instanceof XmError) || error.code !== "ERR_NO_PROCESSES") throw error;
      await showListAfter(connect());
    }
  },
});

async function act(
  action: ActionRequest["action"],
  targets: readonly string[],
  options: FileOptions & {
    readonly doing: string;
    readonly changes?: Changes;
    readonly ignoresDependencies?: boolean;
  },
): Promise<void> {
  const client = connect();
  const chosen = await resolveTargets(client, targets, options);
  if (chosen.length > 0)
    await actOnKnown(client, chosen, { ...options, action, by: `\`xm ${action}\`` });
  await showListAfter(client);
}
