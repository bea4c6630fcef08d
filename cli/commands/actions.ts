import { connect } from "../../runtime/client/client.ts";
import type { ActionRequest } from "../../runtime/client/types.ts";
import { environmentArgs, targetArgs, xmCommand } from "../command.ts";
import { showOutcomes } from "../outcomes.ts";
import { resolveTargets } from "../targets.ts";

const restartArgs = { ...targetArgs, ...environmentArgs } as const;

export const stop = xmCommand({
  name: "stop",
  description: "Stops processes; they stay in the list",
  args: targetArgs,
  run: ({ args }) => act("stop", args._, "stopping"),
});

export const remove = xmCommand({
  name: "delete",
  description: "Stops processes and forgets them",
  args: targetArgs,
  run: ({ args }) => act("delete", args._, "deleting"),
});

export const restart = xmCommand({
  name: "restart",
  description: "Restarts processes, or an ecosystem file's apps with what it says now",
  args: restartArgs,
  run: ({ args }) => restartTargets(args._, args["update-env"] === true, args.env),
});

export const reset = xmCommand({
  name: "reset",
  description: "Sets the restart counters to 0",
  args: targetArgs,
  run: ({ args }) => act("reset", args._, "resetting"),
});

/** Restarts what targets name, or an ecosystem file's apps with what it says now. */
export async function restartTargets(
  targets: readonly string[],
  updatesEnv: boolean,
  environment: string | undefined,
): Promise<void> {
  const { isEcosystemFile } = await import("../../runtime/config/load.ts");
  const [first] = targets;
  if (first !== undefined && targets.length === 1 && (first === "-" || isEcosystemFile(first))) {
    const { startFile } = await import("../start-file.ts");
    return startFile(first, { environment, known: "restart" });
  }
  return act("restart", targets, "restarting", updatesEnv);
}

async function act(
  action: ActionRequest["action"],
  targets: readonly string[],
  doing: string,
  updatesEnv = false,
): Promise<void> {
  const client = connect();
  const chosen = await resolveTargets(client, targets);
  const { callerVariables } = await import("../../runtime/config/environment.ts");
  const outcomes = client.act({
    action,
    ids: chosen.map(({ id }) => id),
    by: `\`xm ${action}\``,
    ...(updatesEnv ? { env: callerVariables(process.env) } : {}),
  });
  await showOutcomes({ client, outcomes, expected: chosen.length, doing });
}
