import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readWorkingCopy } from "../../../runtime/host/working-copy.ts";
import { testFolder } from "../../support/folder.ts";

const has = (tool: string): boolean => spawnSync(tool, ["--version"]).status === 0;
const run = (cwd: string, tool: string, ...args: string[]): string =>
  execFileSync(tool, args, {
    cwd,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HGRCPATH: "/dev/null", HOME: cwd },
  }).trim();

const commit = "0123456789abcdef0123456789abcdef01234567";

/** Files as Mercurial writes them. */
function mercurial(files: Readonly<Record<string, string | Buffer>>): string {
  const { path } = testFolder();
  mkdirSync(join(path, ".hg"));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, ".hg", file), text);
  return path;
}

const parent = (before = ""): Buffer =>
  Buffer.concat([Buffer.from(before), Buffer.from(commit, "hex"), Buffer.alloc(80)]);

test.each([
  ["the older form", parent()],
  ["the newer form", parent("dirstate-v2\n")],
])("Mercurial, %s of its state", (_, dirstate) => {
  const root = mercurial({
    dirstate,
    branch: "stable\n",
    hgrc: "[ui]\ndefault = x\n[paths]\nother = y\ndefault = https://me:secret@example.org/a\n",
  });
  mkdirSync(join(root, "below"));
  expect(readWorkingCopy(join(root, "below"))).toEqual({
    root,
    branch: "stable",
    commit,
    remote: "https://example.org/a",
    system: "mercurial",
  });
});

test("Mercurial before the first commit, and with odd files", () => {
  const none = { branch: "default", commit: null, remote: null, system: "mercurial" };
  for (const files of [
    {},
    { dirstate: Buffer.alloc(40), branch: "a b\u0007\n" },
    { dirstate: "x" },
  ]) {
    const root = mercurial(files);
    expect(readWorkingCopy(root)).toEqual({ root, ...none });
  }
});

test.runIf(has("hg"))("what Mercurial itself says", () => {
  const { path } = testFolder();
  run(path, "hg", "init");
  writeFileSync(join(path, "a"), "1");
  run(path, "hg", "branch", "-q", "work");
  run(path, "hg", "commit", "-q", "-A", "-m", "first", "-u", "a");
  expect(readWorkingCopy(path)).toMatchObject({
    branch: run(path, "hg", "branch"),
    commit: run(path, "hg", "log", "-r", ".", "--template", "{node}"),
  });
});

test("Subversion is known by its name", () => {
  const { path: root } = testFolder();
  mkdirSync(join(root, ".svn"));
  const rest = { branch: null, commit: null, remote: null };
  expect(readWorkingCopy(root)).toEqual({ root, ...rest, system: "subversion" });
});

test("the nearest of several counts; a link to one does not", () => {
  const { path: root } = testFolder();
  mkdirSync(join(root, ".svn"));
  const inner = join(root, "inner");
  mkdirSync(join(inner, ".git"), { recursive: true });
  writeFileSync(join(inner, ".git/HEAD"), `${commit}\n`);
  expect(readWorkingCopy(inner)).toEqual({ root: inner, branch: null, commit, remote: null });
  const linked = join(root, "linked");
  mkdirSync(linked);
  symlinkSync(mercurial({}), join(linked, "there"));
  symlinkSync("there/.hg", join(linked, ".hg"));
  expect(readWorkingCopy(linked)?.system).toBe("subversion");
});
