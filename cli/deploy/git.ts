import { spawnSync } from "node:child_process";

export interface GitAnswer {
  /** 127 when there is no git. */
  readonly code: number | null;
  /** Without the line breaks around it. */
  readonly out: string;
  /** What it says of a failure. */
  readonly err: string;
}

/** Asks git(1) about the repository of a folder, or has it do something there. */
export function askGit(folder: string, ...words: string[]): GitAnswer {
  const { status, stdout, stderr, error } = spawnSync("git", ["-C", folder, ...words], {
    encoding: "utf8",
    stdio: ["inherit", "pipe", "pipe"],
  });
  if (error !== undefined) return { code: 127, out: "", err: "git is not in PATH" };
  return { code: status, out: stdout.trim(), err: stderr.trim() };
}
