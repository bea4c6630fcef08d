import type { RawApp } from "../../runtime/contract/fields/raw-app.ts";
import { targetsAndRest } from "../call/command.ts";
import { rawAppFrom } from "./start-flags.ts";

/** A call of `restart` or `reload`: the fields that its flags and arguments set, and what it names. */
interface FileTargets {
  readonly fields: RawApp;
  readonly environment: string | undefined;
  readonly updatesEnv: boolean;
  /** The targets that are not ecosystem files. */
  readonly others: string[];
  /** It named ecosystem files only, so nothing is left to do. */
  readonly isDone: boolean;
}

/** Reads a call's arguments and starts the apps of the ecosystem files among its targets; `known` ones are restarted or reloaded. */
export async function startFileTargets(
  args: object,
  restOfCall: readonly string[],
  options: {
    readonly known: "restart" | "reload";
    readonly by: string;
    readonly ignoresDependencies?: boolean;
  },
): Promise<FileTargets> {
  const given = args as Record<string, unknown> & { _: string[] };
  const { targets, rest } = targetsAndRest(given._, restOfCall);
  const { isEcosystemFile } = await import("../../runtime/client/config/load.ts");
  const fields = { ...rawAppFrom(given), ...(rest.length > 0 ? { args: rest } : {}) };
  const environment = given["env"] as string | undefined;
  const only = given["only"] as string | undefined;
  const profile = given["profile"] as string | undefined;
  const isConfiguration = (target: string): boolean => target === "-" || isEcosystemFile(target);
  const files = targets.filter(isConfiguration);
  const others = targets.filter((target) => !isConfiguration(target));
  for (const file of files) {
    const { startFile } = await import("./start-file.ts");
    await startFile(file, { ...options, environment, only, profile, overrides: fields });
  }
  const isDone = files.length > 0 && others.length === 0;
  return { fields, environment, updatesEnv: given["update-env"] === true, others, isDone };
}
