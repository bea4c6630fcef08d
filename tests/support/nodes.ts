import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** The other versions of Node that are supported; the tests run under the first. */
export const otherNodes = [22, 24, 26] as const;

/**
 * The program of another version of Node, from npm; kept between runs.
 * @throws when the registry is not reachable.
 */
export async function nodeProgram(major: (typeof otherNodes)[number]): Promise<string> {
  const folder = join(tmpdir(), `xm-node-${major}`);
  const program = join(folder, "node_modules/node/bin/node");
  if (existsSync(program)) return program;
  const fresh = mkdtempSync(`${folder}-`);
  try {
    const args = ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", fresh];
    await promisify(execFile)("npm", [...args, `node@${major}`]);
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(program)) throw error;
  }
  return program;
}
