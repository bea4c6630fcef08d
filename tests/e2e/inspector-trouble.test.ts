import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openPage } from "../support/browser.ts";
import { until } from "../support/condition.ts";
import { testHome, xmFile } from "../support/home.ts";
import { program } from "../support/programs.ts";

/** A user namespace has inotify limits of its own. */
const limited = (call: string): string[] => [
  "-Ur",
  "sh",
  "-c",
  `echo 3 > /proc/sys/user/max_inotify_watches && ${call}`,
];
const mayLimit = spawnSync("unshare", limited("true")).status === 0;

test.runIf(mayLimit)(
  "a watch that cannot be made is shown in the list and in the sentence",
  async () => {
    const home = testHome();
    for (const name of "abcdefgh") mkdirSync(join(home.folder, "src", name), { recursive: true });
    const call = `exec ${process.execPath} ${xmFile} start ${program("stays.js")} --name blind --cwd src --watch`;
    const env = { ...process.env, XM_HOME: home.paths.home };
    const { status, stderr } = spawnSync("unshare", limited(call), { cwd: home.folder, env });
    expect([status, String(stderr)]).toEqual([0, ""]);
    await home.ok("start", program("stays.js"), "--name", "calm");
    await until("the trouble", async () => (await home.process("blind")).troubles.length > 0);

    const { page, errors } = await openPage(home);
    const row = page.getByRole("option", { name: /^blind.*Its watch fails: .*cannot be watched/ });
    await row.click();
    await page.locator(".row.selected .trouble", { hasText: "⚠" }).waitFor();
    await page.locator(".sentence .trouble", { hasText: /cannot be watched: .*inotify/ }).waitFor();
    expect(await page.locator(".rows .trouble").count()).toBe(1);
    if (process.env["XM_SHOT"] !== undefined)
      await page.screenshot({ path: process.env["XM_SHOT"] });
    expect(errors).toEqual([]);
  },
);
