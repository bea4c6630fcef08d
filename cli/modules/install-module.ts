import { existsSync, rmSync } from "node:fs";
import type { Client } from "../../runtime/client/connection/types.ts";
import { plain } from "../../runtime/contract/plain.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { say } from "../render/say.ts";
import { appOfModule } from "./module-app.ts";
import { npmInstall } from "./npm.ts";
import { checkName, endModule, runModule } from "./run-module.ts";
import { manifestIn, putInPlace, stage, type Manifest } from "./store.ts";

export interface InstallOptions {
  /** The folder of modules. */
  readonly folder: string;
  readonly allowsScripts: boolean;
  /** How long a new version has to stay up before the old one is given up; 0 gives it up at once. ms. */
  readonly safeMs: number;
  readonly by: string;
}

/**
 * Installs a module, or another version of it, and runs it.
 * @throws `ERR_MODULE_NOT_FETCHED`, `ERR_MODULE_INVALID`, `ERR_MODULE_NOT_STARTED`; up to the first two nothing was changed.
 */
export async function installModule(
  client: Client,
  source: string,
  { folder, allowsScripts, safeMs, by }: InstallOptions,
): Promise<void> {
  const place = stage(folder, source);
  try {
    await npmInstall(place, source, { allowsScripts });
    const { name, version } = manifestIn(place, source);
    await checkName(client, name);
    // What cannot be run does not take the place of what can.
    await appOfModule(manifestIn(place, source));
    const swap = putInPlace(folder, name, place);
    const before = swap.hadOne ? manifestAt(`${place}.before`) : undefined;
    const spec = await appOfModule(manifestIn(swap.folder, source));
    const why = await runModule(client, spec, { by, forMs: safeMs });
    if (why === undefined) {
      swap.keep();
      say(
        `module ${plain(name)} ${plain(version)} runs; \`xm conf ${plain(name)}\` shows its settings\n`,
      );
      return;
    }
    if (safeMs === 0) {
      swap.keep();
      throw xmError("ERR_MODULE_NOT_STARTED", { name, why, kept: null, wasRemoved: false });
    }
    if (before === undefined) await endModule(client, name, by);
    swap.undo();
    if (before !== undefined)
      await runModule(client, await appOfModule(manifestIn(swap.folder, source)), { by, forMs: 0 });
    throw xmError("ERR_MODULE_NOT_STARTED", {
      name,
      why,
      kept: before?.version ?? null,
      wasRemoved: before === undefined,
    });
  } finally {
    if (existsSync(place)) rmSync(place, { recursive: true, force: true });
  }
}

/** Of a version that is about to be replaced; a damaged one is replaced all the same. */
function manifestAt(place: string): Manifest | undefined {
  try {
    return manifestIn(place, place);
  } catch {
    return undefined;
  }
}
