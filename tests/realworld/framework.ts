import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Load } from "../support/load.ts";

/**
 * A program written with a library from npm; it answers on `PORT` of 127.0.0.1, writes a line with `served` for each request, and keeps to
 * its library's own shutdown.
 */
export interface Framework {
  readonly name: string;
  readonly packages: readonly string[];
  /** Its script, in its own folder. */
  readonly script: string;
  /** What it is made of. */
  readonly files: Readonly<Record<string, string>>;
  /** A program of its packages that builds it, and its arguments. */
  readonly build?: readonly string[];
  /** More of what its ecosystem file says. */
  readonly fields?: object;
  /** What is asked for under load. */
  readonly path?: string;
  /** Another load than HTTP; `repeats` if it may ask for one thing twice. */
  readonly repeats?: boolean;
  readonly load?: (at: { readonly folder: string; readonly port: number }) => Load;
}

/** Writes, installs and builds one, in a folder of its own. @returns the folder. */
export async function install({ packages, files, build }: Framework): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "xm-realworld-"));
  const own = { private: true, type: "module" };
  for (const [name, text] of Object.entries({ "package.json": JSON.stringify(own), ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const run = promisify(execFile);
  const flags = ["install", "--no-audit", "--no-fund", "--prefer-offline", "--prefix", folder];
  await run("npm", [...flags, ...packages], { cwd: folder });
  if (build !== undefined) {
    const [program = "", ...args] = build;
    const env = {
      ...process.env,
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
      NUXT_TELEMETRY_DISABLED: "1",
    };
    const options = { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 };
    await run(process.execPath, [join(folder, "node_modules", program), ...args], options);
  }
  return folder;
}
