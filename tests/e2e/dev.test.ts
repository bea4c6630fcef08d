import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, processesOf, testHome, xmFile } from "../support/home.ts";

/** A call of `xm dev` that goes on until it is told to end. */
function dev(folder: string, ...args: string[]) {
  const child = spawn(process.execPath, [xmFile, "dev", ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1", XM_HOME: join(folder, "other"), TMPDIR: folder },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  }
  const ended = new Promise<number | null>((resolve) => {
    child.on("close", (code) => resolve(code));
  });
  const pid = (word: string): Promise<number> =>
    until(
      `a line with ${word}`,
      () => Number(new RegExp(`${word} (\\d+)`).exec(said)?.[1]) || false,
      {
        saw: () => said,
      },
    );
  return { child, said: () => said, ended, pid };
}

const program = (word: string): string =>
  `console.log("${word}", process.pid); setInterval(() => {}, 1000);`;

test("a change restarts the app and runs --post-exec; what is ignored does not; Ctrl-C ends all", async () => {
  const home = testHome();
  home.file("a.js", program("one"));
  home.file("data.txt", "");
  const call = dev(home.folder, "a.js", "--ignore", "data.txt", "--post-exec", "echo after");
  const first = await call.pid("one");
  const homes = processesOf(home.paths.home);
  writeFileSync(join(home.folder, "data.txt"), "changed");
  writeFileSync(join(home.folder, "a.js"), program("two"));
  const second = await call.pid("two");
  await until("--post-exec", () => call.said().includes("after\n"), { saw: call.said });
  expect(isThere(first)).toBe(false);
  expect(call.said().match(/ after\n|^after$/gm)).toHaveLength(1);
  expect(call.said()).toMatch(/^0\|a +\| two \d+$/m);
  call.child.kill("SIGINT");
  expect(await call.ended, call.said()).toBe(0);
  expect([isThere(second), homes, existsSync(join(home.folder, "other"))]).toEqual([
    false,
    [],
    false,
  ]);
});

test("an app that fails is tried again, and a kill of the call leaves nothing", async () => {
  const home = testHome();
  home.file("a.js", "throw new Error('broken')");
  const call = dev(home.folder, "a.js", "--raw");
  await until("two failures", () => (call.said().match(/Error: broken/g) ?? []).length >= 2, {
    saw: call.said,
  });
  writeFileSync(join(home.folder, "a.js"), program("mended"));
  const pid = await call.pid("mended");
  call.child.kill("SIGKILL");
  await until("the app's end", () => !isThere(pid));
});

test("--test-mode ends with what came of the start, --auto-exit with the app's code", async () => {
  const home = testHome();
  home.file("good.js", program("good"));
  home.file("ends.js", "process.exitCode = 5");
  const good = dev(home.folder, "good.js", "--test-mode");
  expect(await good.ended, good.said()).toBe(0);
  expect(good.said()).toContain("good (0): online\n");
  const missing = dev(home.folder, "missing.js", "--test-mode");
  expect(await missing.ended).toBe(1);
  const ends = dev(home.folder, "start", "ends.js", "--auto-exit", "--no-autorestart");
  expect(await ends.ended, ends.said()).toBe(5);
});
