import { connect } from "../../runtime/client/connection/client.ts";
import { matcherOf } from "../../runtime/client/targets/pattern.ts";
import type { Client } from "../../runtime/client/connection/types.ts";
import { isEcosystemFile } from "../../runtime/client/config/load.ts";
import { XmError, xmError } from "../../runtime/contract/errors.ts";
import { dependencyArgs, environmentArgs, fileArgs, xmCommand } from "../call/command.ts";
import { globals } from "../call/globals.ts";
import { actOnKnown } from "../apps/known-apps.ts";
import { tellOutcomes } from "../render/outcomes.ts";
import { isFile, readScript, usualFile } from "../apps/read-apps.ts";
import { reportError } from "../call/report-error.ts";
import { showListAfter } from "../render/show-list.ts";
import { rawAppFrom, startArgs } from "../apps/start-flags.ts";
import { startFile } from "../apps/start-file.ts";
import { matchNamed } from "../apps/targets.ts";
import type { RawApp } from "../../runtime/contract/fields/raw-app.ts";

/** Words to start, and how. */
interface StartCall {
  /** Fields given as flags, and the program's arguments after `--`. */
  readonly fields: RawApp;
  readonly environment: string | undefined;
  readonly only: string | undefined;
  readonly profile: string | undefined;
  readonly isForced: boolean;
  readonly updatesEnv: boolean;
  readonly ignoresDependencies: boolean;
}

export default xmCommand({
  name: "start",
  description: "Starts a script, a command, the apps of a file, or stopped processes",
  args: {
    target: {
      type: "positional",
      description:
        "script, command in quotes, ecosystem file, `-` for stdin, id, name, namespace or `all`; defaults to ./ecosystem.config.*",
      required: false,
    },
    ...startArgs,
    ...fileArgs,
    ...dependencyArgs,
    force: {
      type: "boolean",
      alias: "f",
      description: "Start another copy even if it is already running",
    },
    "update-env": environmentArgs["update-env"],
  },
  takesRest: true,
  run: async ({ args, data }) => {
    const given = args as Record<string, unknown> & { _: string[] };
    const call: StartCall = {
      fields: { ...rawAppFrom(given), ...(data.rest.length > 0 ? { args: data.rest } : {}) },
      environment: given["env"] as string | undefined,
      only: given["only"] as string | undefined,
      profile: given["profile"] as string | undefined,
      isForced: given["force"] === true,
      updatesEnv: given["update-env"] === true,
      ignoresDependencies: given["deps"] === false,
    };
    const usual = usualFile();
    const words = given._.length === 0 && usual !== undefined ? [usual] : given._;
    if (words.length === 0) {
      throw xmError("ERR_USAGE", {
        what: "nothing to start",
        fix: "name a script, a file, a process or `all`; `xm start` alone starts ecosystem.config.js",
      });
    }
    const client = connect();
    const ids: number[] = [];
    for (const word of words) {
      try {
        ids.push(...(await startOne(client, word, call)));
      } catch (error) {
        // One of several that cannot be started keeps no other from it.
        if (words.length === 1 || isLeaving(error)) throw error;
        reportError(error);
      }
    }
    if (ids.length > 0) await showListAfter(client);
    if (globals.attaches && ids.length > 0) {
      const { followLogs } = await import("../logs/follow-logs.ts");
      await followLogs(ids);
    }
  },
});

/** Whoever ends the daemon wants none: nothing more is asked of it. */
function isLeaving(error: unknown): boolean {
  return error instanceof XmError && error.code === "ERR_DAEMON_LEAVING";
}

async function startOne(client: Client, word: string, call: StartCall): Promise<number[]> {
  const { fields, environment, only, profile, updatesEnv, isForced, ignoresDependencies } = call;
  const asFile = (): Promise<number[]> =>
    startFile(word, {
      environment,
      only,
      profile,
      overrides: fields,
      known: "start",
      by: "`xm start`",
      ignoresDependencies,
    });
  if (word === "-" || (isEcosystemFile(word) && isFile(word))) return asFile();
  const known = isNewScript(word, call) ? [] : matchNamed(await client.list(), word);
  if (known.length > 0) {
    const changes = { fields, updatesEnv, environment };
    const how = { by: "`xm start`", doing: "starting", ignoresDependencies, changes };
    // A service that runs is restarted, as under PM2; a job that runs is left.
    const jobs = known.filter(({ type }) => type === "oneshot");
    const services = known.filter(({ type }) => type !== "oneshot");
    return [
      ...(services.length === 0
        ? []
        : await actOnKnown(client, services, { action: "restart", ...how })),
      ...(jobs.length === 0 ? [] : await actOnKnown(client, jobs, { action: "start", ...how })),
    ];
  }
  if (word === "all") throw xmError("ERR_NO_PROCESSES", undefined);
  // It does not exist or is not a file: reading it reports that.
  if (isEcosystemFile(word)) return asFile();
  if (matcherOf(word) !== undefined) throw xmError("ERR_PROCESS_NOT_FOUND", { target: word });
  const apps = await readScript({ ...fields, script: word }, { environment });
  const outcomes = client.declare({
    apps,
    known: isForced ? "copy" : "refuse",
    by: "`xm start`",
    ...(ignoresDependencies ? { ignoresDependencies } : {}),
  });
  return tellOutcomes({ outcomes, expected: apps[0]?.instances, doing: "starting" });
}

/** A file is meant, and not the process of that name, when it shall have another name or be a second copy. */
function isNewScript(word: string, { fields, isForced }: StartCall): boolean {
  const { name } = fields;
  return isFile(word) && (isForced || (name !== undefined && name !== word));
}
