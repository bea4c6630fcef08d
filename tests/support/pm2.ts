import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** The PM2 that Ex Machina is compared with: the only place that says which. It is run as a black box. */
export const pm2Version = "7.0.4";

/** Kept between runs, and never inside the repository: PM2 is AGPL and no dependency. */
const folder = join(tmpdir(), `xm-pm2-${pm2Version}`);

/** PM2's package, once {@link installPm2} has run. */
export const pm2Package = join(folder, "node_modules/pm2");

/** PM2's program, once {@link installPm2} has run. */
export const pm2Program = join(pm2Package, "bin/pm2");

/**
 * Installs PM2 from npm unless an earlier run has. Whoever comes first puts the whole folder in place at once.
 * @throws when the registry is not reachable.
 */
export async function installPm2(): Promise<void> {
  if (existsSync(pm2Program)) return;
  mkdirSync(dirname(folder), { recursive: true });
  const fresh = mkdtempSync(`${folder}-`);
  try {
    await promisify(execFile)("npm", [
      "install",
      "--no-save",
      "--no-audit",
      "--no-fund",
      "--prefix",
      fresh,
      `pm2@${pm2Version}`,
    ]);
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (existsSync(pm2Program)) return;
    throw new Error(
      `pm2@${pm2Version} cannot be installed, and there is nothing to compare with: is the npm registry reachable?`,
      { cause: error },
    );
  }
}
