import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { xmError } from "../../runtime/contract/errors.ts";
import { findInPath } from "../../runtime/host/node.ts";
import { logicalCwd } from "../../runtime/host/logical-cwd.ts";

/** What npm is asked for: a folder or an archive by its absolute path, anything else as it was written. */
export function sourceOf(word: string): string {
  const path = resolve(logicalCwd(), word);
  const isPath = /^(?:\.{0,2}\/|\.{1,2}$|~\/)/.test(word) || /\.(?:tgz|tar\.gz)$/.test(word);
  const isUrl = /^[a-z][a-z+]*:/i.test(word);
  if (!isUrl && (isPath || isFolder(path))) {
    if (!existsSync(path)) {
      throw xmError("ERR_USAGE", {
        what: `there is no ${path}`,
        fix: "name a folder, an archive of npm's (.tgz) or a package",
      });
    }
    return path;
  }
  return word;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Installs one package into a folder. @throws `ERR_MODULE_NOT_FETCHED` */
export async function npmInstall(
  folder: string,
  source: string,
  options: { readonly allowsScripts: boolean },
): Promise<void> {
  const code = await npm(
    [
      "install",
      "--no-audit",
      "--no-fund",
      "--no-update-notifier",
      "--omit=dev",
      "--loglevel=error",
      // A folder is copied and gets its dependencies; else npm makes a link to it.
      "--install-links=true",
      `--ignore-scripts=${options.allowsScripts ? "false" : "true"}`,
      "--",
      source,
    ],
    folder,
    source,
  );
  if (code !== 0)
    throw xmError("ERR_MODULE_NOT_FETCHED", { source, why: `npm exited with ${code}` });
}

/**
 * Runs npm with its output on ours. What it prints is no answer of `xm`, so it goes to stderr.
 * @returns its exit code; 128 and more for a signal.
 */
export function npm(words: readonly string[], cwd: string, source: string): Promise<number> {
  const command = findInPath("npm", process.env["PATH"]) ?? besideNode();
  if (command === undefined) {
    throw xmError("ERR_MODULE_NOT_FETCHED", { source, why: "there is no npm in PATH" });
  }
  const child = spawn(command, [...words], { cwd, stdio: ["ignore", 2, 2] });
  return new Promise((resolve_, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve_(code ?? (signal === null ? 1 : 128)));
  });
}

function besideNode(): string | undefined {
  const path = join(dirname(process.execPath), "npm");
  return existsSync(path) ? path : undefined;
}
