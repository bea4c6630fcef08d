import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

/** A folder with the package in it as a user gets it. */
export interface Packed {
  /** Programs in it find `exmachina`. */
  readonly folder: string;
  remove(): void;
}

/** Packs the package and puts what is in the tarball into a folder's `node_modules`, beside its dependencies. */
export async function packPackage(): Promise<Packed> {
  const folder = mkdtempSync(join(tmpdir(), "xm-pack-"));
  const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: root,
  });
  const place = join(folder, "node_modules/exmachina");
  mkdirSync(place, { recursive: true });
  const tarball = join(folder, stdout.trim());
  await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", place]);
  symlinkSync(join(root, "node_modules"), join(place, "node_modules"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
