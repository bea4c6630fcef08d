import { spawnSync, type SpawnSyncOptionsWithStringEncoding } from "node:child_process";
import { errnoOf } from "../../runtime/contract/errors.ts";
import { asOwner } from "./as-owner.ts";

/** Of an answer: commits of a long history have a line each. */
const mostBytes = 64 * 1024 * 1024;

export interface GitAnswer {
  /** 127 when there is no git. */
  readonly code: number | null;
  /** Without the line breaks around it. */
  readonly out: string;
  /** The message of a failure. */
  readonly err: string;
}

/**
 * Asks git(1) about the repository of a folder, or has it do something there. What it runs for that (hooks, a monitor of the
 * file system, filters) is configured in the repository: git runs as the repository's owner.
 */
export function askGit(folder: string, ...words: string[]): GitAnswer {
  const git = { command: "git", args: ["-C", folder, ...words], env: process.env };
  const { command, args, detached, ...rights } = asOwner(folder, git);
  const options: SpawnSyncOptionsWithStringEncoding & { detached: boolean } = {
    encoding: "utf8",
    stdio: [detached ? "ignore" : "inherit", "pipe", "pipe"],
    maxBuffer: mostBytes,
    detached,
    ...rights,
  };
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  if (errnoOf(error) === "ENOENT") return { code: 127, out: "", err: "git is not in PATH" };
  if (error !== undefined) return { code: status ?? 1, out: "", err: error.message };
  return { code: status, out: stdout.trim(), err: stderr.trim() };
}
