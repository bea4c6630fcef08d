import type { AppSpec } from "../../../machines/spec.ts";
import { ownerOf } from "../users.ts";
import type { LogRights } from "./open.ts";

/**
 * Whose the files of an app are, and with which umask they are made: in the home by ours, which is 077, elsewhere by the app's
 * own.
 */
export function logRights(
  spec: Pick<AppSpec, "uid" | "gid" | "umask">,
  home: string,
): (path: string) => LogRights {
  return rightsIn(home, { owner: ownerOf(spec), umask: spec.umask });
}

/** The same of what is resolved already. */
export function rightsIn(home: string, { owner, umask }: LogRights): (path: string) => LogRights {
  return (path) => ({ owner, umask: path.startsWith(`${home}/`) ? null : umask });
}
