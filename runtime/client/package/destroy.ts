import { existsSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { xmError } from "../../contract/errors.ts";
import { homePaths } from "../../host/home/paths.ts";

/**
 * Removes a home with all that is in it. The usual ones stay, as under PM2.
 * @throws `ERR_USAGE` for a folder that is not a home: a slip must not remove a project.
 */
export function destroyHome(home: string): void {
  const isUsual = [".xm", ".pm2"].some((name) => home === join(homedir(), name));
  if (isUsual || !existsSync(home)) return;
  const { logs, pids } = homePaths(home);
  if (!existsSync(logs) || !existsSync(pids)) {
    const what = `${home} is not an Ex Machina home`;
    throw xmError("ERR_USAGE", {
      what,
      fix: "remove the folder yourself if you no longer need it",
    });
  }
  rmSync(home, { recursive: true, force: true });
}
