import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readCheckout } from "../../../runtime/host/git.ts";

function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "xm-git-")));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** A repository of git's own making. */
function repository() {
  const root = folder();
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: {
        PATH: process.env["PATH"],
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_CONFIG_SYSTEM: "/dev/null",
      },
    }).trim();
  git("init", "-b", "main");
  return { root, git };
}

test("branch, commit and remote are those of git, from a folder below, without the password", () => {
  const { root, git } = repository();
  expect(readCheckout(root)).toEqual({ root, branch: "main", commit: null, remote: null });
  git("commit", "--allow-empty", "-m", "first");
  git("remote", "add", "other", "https://example.com/other.git");
  git("remote", "add", "origin", "https://user:secret@example.com/a.git");
  git("checkout", "-b", "feature/x");
  mkdirSync(join(root, "src/deep"), { recursive: true });
  const commit = git("rev-parse", "HEAD");
  const expected = { root, branch: "feature/x", commit, remote: "https://example.com/a.git" };
  expect(readCheckout(join(root, "src/deep"))).toEqual(expected);
  git("pack-refs", "--all");
  expect(readCheckout(root)).toEqual(expected);
  git("checkout", "--detach");
  expect(readCheckout(root)).toEqual({ ...expected, branch: null });
});

test("a worktree has its own branch, and the repository's remote", () => {
  const { root, git } = repository();
  git("commit", "--allow-empty", "-m", "first");
  git("remote", "add", "origin", "git@example.com:a.git");
  const tree = join(folder(), "tree");
  git("worktree", "add", tree, "-b", "other");
  const commit = git("rev-parse", "HEAD");
  expect(readCheckout(tree)).toEqual({
    root: tree,
    branch: "other",
    commit,
    remote: "git@example.com:a.git",
  });
  expect(readCheckout(root)?.branch).toBe("main");
});

test("what has not the form of git's files is nothing", () => {
  const root = folder();
  expect(readCheckout(root)).toBeUndefined();
  mkdirSync(join(root, ".git"));
  for (const head of ["root:x:0:0", "ref: refs/../../../etc/passwd", "ref: /etc/passwd", ""]) {
    writeFileSync(join(root, ".git/HEAD"), head);
    expect(readCheckout(root)).toBeUndefined();
  }
});

test("where others can write, no link of theirs is followed", () => {
  const { root, git } = repository();
  git("commit", "--allow-empty", "-m", "first");
  const linked = (mode: number): string => {
    const shared = folder();
    mkdirSync(join(shared, ".git"));
    for (const name of ["HEAD", "config"])
      symlinkSync(join(root, ".git", name), join(shared, ".git", name));
    chmodSync(shared, mode);
    return shared;
  };
  expect(readCheckout(linked(0o755))?.branch).toBe("main");
  expect(readCheckout(linked(0o777))).toBe(undefined);
  // Nor is a folder entered by one: its files might be devices.
  const shared = folder();
  symlinkSync(join(root, ".git"), join(shared, ".git"));
  chmodSync(shared, 0o777);
  expect(readCheckout(shared)).toBe(undefined);
});
