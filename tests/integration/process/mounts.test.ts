import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { mountWords } from "../../../runtime/host/mounts.ts";
import { findTool } from "../../../runtime/host/users.ts";

const isRoot = process.geteuid?.() === 0;
const tools = {
  unshare: findTool("unshare"),
  mount: findTool("mount"),
  setpriv: findTool("setpriv"),
};

/** Somebody without rights. */
const asNobody = isRoot
  ? [tools.setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
  : [];

const run = (words: readonly string[], cwd = "/") => {
  const [first = "", ...rest] = words;
  return spawnSync(first, rest, { cwd, encoding: "utf8", timeout: 20_000 });
};

const hasUserNamespaces =
  run([...asNobody, tools.unshare, "--user", "--map-current-user", "--mount", "true"]).status === 0;

function places(): { folder: string; kept: string; locked: string } {
  const folder = mkdtempSync("/tmp/xm-mounts-");
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [kept, locked] = [join(folder, "k e'pt"), join(folder, "locked")];
  for (const path of [folder, kept, locked]) {
    if (path !== folder) mkdirSync(path);
    chmodSync(path, 0o777);
  }
  writeFileSync(join(kept, "file"), "kept");
  return { folder, kept, locked };
}

const look = `ls /tmp; ls "$1"; echo mine > /tmp/xm-mine && echo wrote; echo x > "$2/x" || echo locked; echo y > "$1/y" && echo kept; id -u; grep CapEff /proc/self/status; pwd; echo "$3"`;

test.runIf(hasUserNamespaces)("without root, in a user namespace, with no capability left", () => {
  const { folder, kept, locked } = places();
  const words = mountWords(
    { privateTmp: true, readOnlyPaths: [locked] },
    { tools, isRoot: false, kept: [kept, locked] },
  );
  const { stdout, stderr, status } = run(
    [...asNobody, ...words, "/bin/sh", "-c", look, "sh", kept, locked, "$x ;"],
    kept,
  );
  const uid = isRoot ? 65_534 : process.geteuid?.();
  expect([status, stdout.split("\n")]).toEqual([
    0,
    [
      folder.slice(5),
      "file",
      "wrote",
      "locked",
      "kept",
      String(uid),
      "CapEff:\t0000000000000000",
      kept,
      "$x ;",
      "",
    ],
  ]);
  expect(stderr).toMatch(/Read-only file system/);
  expect(existsSync("/tmp/xm-mine")).toBe(false);
  expect(existsSync(join(kept, "y"))).toBe(true);
});

test.runIf(isRoot)("what cannot be mounted ends it with its reason", () => {
  const words = mountWords(
    { readOnlyPaths: ["/nowhere/at/all"] },
    { tools, isRoot: true, kept: [] },
  );
  const { stderr, status } = run([...words, "true"]);
  expect([status, stderr]).toEqual([
    78,
    expect.stringContaining("read_only_paths: /nowhere/at/all cannot be mounted"),
  ]);
});

test.runIf(isRoot)("the program is what the shell becomes: no process is left between", () => {
  const words = mountWords({ privateTmp: true }, { tools, isRoot: true, kept: [] });
  const { stdout } = run([...words, "/bin/sh", "-c", "cat /proc/$PPID/comm; cat /proc/$$/comm"]);
  expect(stdout.split("\n")[1]).toBe("sh");
  expect(stdout.split("\n")[0]).not.toMatch(/^(?:sh|unshare)$/);
});
