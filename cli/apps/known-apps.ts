import { isAtRest } from "../../runtime/contract/words/rest.ts";
import type {
  ActionCall,
  ActionRequest,
  AppSettings,
  Client,
  Outcome,
  ProcessView,
} from "../../runtime/client/connection/types.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { globals } from "../call/globals.ts";
import { tellOutcomes } from "../render/outcomes.ts";
import type { RawApp } from "../../runtime/contract/fields/raw-app.ts";

/** What a call changes of what it restarts: fields given as flags, and its own environment. */
export interface Changes {
  readonly fields: RawApp;
  readonly updatesEnv: boolean;
  /** `--env NAME`, which only a file can answer. */
  readonly environment?: string | undefined;
}

/**
 * Does one thing to processes that are known already, no more than `--parallel` at a time, and gives their apps
 * what the call changes of them before.
 * @returns the ids of the processes.
 */
export async function actOnKnown(
  client: Client,
  chosen: readonly ProcessView[],
  options: {
    readonly action: ActionRequest["action"];
    readonly by: string;
    readonly doing: string;
    readonly changes?: Changes;
    readonly ignoresDependencies?: boolean | undefined;
  },
): Promise<number[]> {
  const { action, by, doing, changes, ignoresDependencies = false } = options;
  const waits = ignoresDependencies ? { ignoresDependencies } : {};
  const changed = changes === undefined ? {} : await changesFor(client, chosen, changes, action);
  const ids = chosen.map(({ id }) => id);
  async function* inTurns(): AsyncIterable<Outcome> {
    for (const turn of turnsOf(ids))
      yield* client.act({ action, ids: turn, by, ...changed, ...waits });
  }
  const told = await tellOutcomes({ outcomes: inTurns(), expected: ids.length, doing });
  const instances = Number(changes?.fields["instances"]);
  if (changes !== undefined && Number.isInteger(instances) && instances > 0) {
    for (const app of new Set(chosen.map((each) => each.app))) {
      await tellOutcomes({ outcomes: client.scale(app, instances, by), doing: "scaling" });
    }
  }
  return told;
}

function turnsOf(ids: readonly number[]): number[][] {
  const size = Math.min(globals.parallel, Math.max(1, ids.length));
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, index) =>
    ids.slice(index * size, (index + 1) * size),
  );
}

/** What goes with a request that restarts or reloads processes. */
export async function changesFor(
  client: Client,
  chosen: readonly ProcessView[],
  { fields, updatesEnv, environment }: Changes,
  action: ActionRequest["action"] | "reload",
): Promise<Pick<ActionCall, "env" | "settings">> {
  if (environment !== undefined) {
    throw xmError("ERR_USAGE", {
      what: `--env ${environment} needs the file that declares env_${environment}`,
      fix: `for example \`xm restart ecosystem.config.js --env ${environment}\``,
    });
  }
  const { callerVariables } = await import("../../runtime/client/config/environment.ts");
  return {
    ...(updatesEnv ? { env: callerVariables(process.env) } : {}),
    ...(Object.keys(fields).length === 0
      ? {}
      : { settings: await settingsFor(client, chosen, { fields, action }) }),
  };
}

const runs = (status: ProcessView["status"]): boolean => !isAtRest(status);

/**
 * PM2: a bare `--watch` turns watching on, and `restart --watch` of what runs and is watched turns it off. (PM2's `stop`
 * does the same, so that there nothing is both stopped and watched.)
 */
export function switchedWatch(
  { watch }: RawApp,
  { isWatched, mayEnd }: { readonly isWatched: boolean; readonly mayEnd: boolean },
): RawApp {
  if (watch === undefined) return {};
  if (watch !== "true" || !isWatched) return { watch };
  // What is watched already stays as it was declared.
  return mayEnd ? { watch: "false" } : {};
}

/** The specifications of the chosen processes' apps with some fields over them. */
async function settingsFor(
  client: Client,
  chosen: readonly ProcessView[],
  {
    fields,
    action,
  }: { readonly fields: RawApp; readonly action: ActionRequest["action"] | "reload" },
): Promise<AppSettings[]> {
  const [{ patchSpec }, { contextOf }] = await Promise.all([
    import("../../runtime/client/config/patch.ts"),
    import("./read-apps.ts"),
  ]);
  const ids = new Map(chosen.map(({ app, id }) => [app, id]));
  return Promise.all(
    [...ids].map(async ([key, id]) => {
      const { spec } = await client.detail(id);
      const isRunning = chosen.some(({ app, status }) => app === key && runs(status));
      const isWatched = spec.sensors.watch !== null;
      const { watch: _, ...others } = fields;
      const wanted = {
        ...others,
        ...switchedWatch(fields, { isWatched, mayEnd: isRunning && action === "restart" }),
      };
      return { key, spec: await patchSpec(spec, wanted, contextOf("the command line")) };
    }),
  );
}
