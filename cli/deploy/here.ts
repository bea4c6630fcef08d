import { spawnSync } from "node:child_process";
import { xmError } from "../../runtime/contract/errors.ts";
import { askGit, type GitAnswer } from "./git.ts";
import type { DeployTarget } from "./target.ts";

/**
 * Refuses a deployment of what is not in the repository yet: changes that are not committed, commits that are not
 * pushed. Outside of a repository there is nothing to compare with.
 * @throws `ERR_USAGE`
 */
export function checkPushed(): void {
  const git = (...words: string[]): GitAnswer => askGit(process.cwd(), ...words);
  if (git("rev-parse", "--is-inside-work-tree").code !== 0) return;
  const refuse = (what: string): never => {
    throw xmError("ERR_USAGE", { what, fix: "`--force` deploys what is in the repository" });
  };
  if (git("diff", "--quiet", "--cached").code === 1)
    refuse("commit your staged changes before deploying");
  if (git("diff", "--quiet").code === 1) refuse("commit or stash your changes before deploying");
  const ahead = git("rev-list", "--count", "@{upstream}..HEAD");
  if (ahead.code === 0 && ahead.out !== "0") refuse("push your changes before deploying");
}

/**
 * Runs the `pre-deploy-local` hook, once for all hosts, with its output on ours.
 * @throws `ERR_DEPLOY_FAILED`
 */
export function runHere(command: string, target: DeployTarget): void {
  const { status, signal } = spawnSync("/bin/sh", ["-c", command], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...target.env },
  });
  if (status === 0) return;
  const why = `the pre-deploy-local hook ended with ${status ?? signal}`;
  throw xmError("ERR_DEPLOY_FAILED", { what: "no host was touched", why });
}
