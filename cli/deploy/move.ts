import { xmError } from "../../runtime/contract/errors.ts";
import { askGit } from "./git.ts";
import { isWord } from "./target.ts";

/** Where a repository is to go: to what its remote has, to a commit, to the next one, to the previous one. */
export type Way =
  | { readonly kind: "pull"; readonly commit: string | undefined }
  | { readonly kind: "forward" | "backward" };

/** What is checked out, before and after. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/**
 * Moves what a folder's repository has checked out, and the branch with it.
 * @throws `ERR_REPOSITORY` when there are changes that would be lost, or there is nowhere to go
 */
export function move(root: string, way: Way): Move {
  const git = (...words: string[]): string => {
    const { code, out, err } = askGit(root, ...words);
    if (code === 0) return out;
    throw refused(root, err.split("\n").at(-1) ?? `git ${words[0]} ended with ${code}`);
  };
  if (askGit(root, "diff", "--quiet", "HEAD").code !== 0)
    throw refused(root, "it has uncommitted changes");
  const from = git("rev-parse", "HEAD");
  const to = targetOf(root, way, git);
  if (to !== from) putBack(root, to);
  return { from, to };
}

/** Checks a commit out; what is not under git's control stays. @throws `ERR_REPOSITORY` */
export function putBack(root: string, commit: string): void {
  const { code, err } = askGit(root, "reset", "--quiet", "--hard", commit);
  if (code !== 0) throw refused(root, err);
}

function targetOf(root: string, way: Way, git: (...words: string[]) => string): string {
  if (way.kind === "backward") {
    const isKept = askGit(root, "merge-base", "--is-ancestor", "HEAD", "@{upstream}").code === 0;
    if (!isKept) throw refused(root, "its newest commit is not on its remote: push it first");
    const { code, out } = askGit(root, "rev-parse", "--verify", "--quiet", "HEAD^");
    if (code !== 0) throw refused(root, "there is no commit before this one");
    return out;
  }
  git("fetch", "--quiet", "--tags");
  if (way.kind !== "pull") {
    const later = git("rev-list", "--reverse", "--first-parent", "HEAD..@{upstream}").split("\n");
    if (later[0] === undefined || later[0] === "") throw refused(root, "there is no later commit");
    return later[0];
  }
  if (way.commit !== undefined) return named(root, way.commit);
  const to = git("rev-parse", "@{upstream}");
  if (askGit(root, "merge-base", "--is-ancestor", "HEAD", to).code === 0) return to;
  throw refused(root, "it has commits that are not on its remote: push or rebase them first");
}

function named(root: string, commit: string): string {
  const { code, out } = isWord(commit)
    ? askGit(root, "rev-parse", "--verify", "--quiet", `${commit}^{commit}`)
    : { code: 1, out: "" };
  if (code === 0) return out;
  throw refused(root, `it has no commit ${commit}`);
}

function refused(root: string, why: string): Error {
  return xmError("ERR_REPOSITORY", { root, why });
}
