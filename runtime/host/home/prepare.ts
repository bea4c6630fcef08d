import { mkdirSync, statSync } from "node:fs";
import { errnoOf, messageOf, xmError } from "../../contract/errors.ts";
import { homePaths, type HomePaths } from "./paths.ts";
import { assertTrustworthy } from "./trust.ts";

/**
 * Makes the folders of a home, 0700. The umask of the caller must be 077 already.
 * @throws `ERR_HOME_TOO_LONG`, `ERR_HOME_UNUSABLE`: it cannot be written, or others could write it.
 */
export function prepareHome(home: string): HomePaths {
  const paths = homePaths(home);
  assertTrustworthy(paths);
  try {
    for (const folder of [paths.home, paths.state, paths.logs, paths.pids, paths.exits])
      makeFolder(folder);
  } catch (error) {
    throw xmError("ERR_HOME_UNUSABLE", { home, why: messageOf(error) }, { cause: error });
  }
  assertTrustworthy(paths);
  return paths;
}

/** A read-only file system answers EROFS even for a folder that exists. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = errnoOf(error);
    if ((code !== "EROFS" && code !== "ENOSPC") || !statSync(folder).isDirectory()) throw error;
  }
}
