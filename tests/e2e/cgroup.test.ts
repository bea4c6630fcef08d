import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { groupOf, groupsOf, hasGroups, hasMemoryController } from "../support/cgroup.ts";
import { until } from "../support/condition.ts";
import { isThere, testHome, type TestHome } from "../support/home.ts";

/** Says where it is as the first thing, and starts what neither its session nor its environment leads to. */
const escaping = `#!/bin/sh
sed -n 's/^0:://p' /proc/$$/cgroup
env -u XM_LIFE setsid sh -c 'echo $$; exec sleep 1000' &
wait
`;

const start = (home: TestHome, fields: Record<string, unknown>) => {
  const script = home.file("escaping.sh", escaping);
  const app = { name: "a", script: "sh", args: script, interpreter: "none", ...fields };
  return home.xm("start", home.file("ecosystem.config.json", JSON.stringify({ apps: [app] })));
};

/** The group as the app itself has seen it, and the pid of what has escaped. */
const said = (home: TestHome): Promise<{ group: string; escaped: number }> =>
  until("what it says", () => {
    const lines = home.log("a-out.log").trim().split("\n");
    const [group = "", escaped = ""] = lines.slice(-2);
    return /^\d+$/.test(escaped) && lines.length % 2 === 0 && { group, escaped: Number(escaped) };
  });

describe.runIf(hasGroups)("an app with a cgroup", () => {
  test("is in it from its first instruction, and nothing outlives it", async () => {
    const home = testHome();
    await start(home, { cgroup: true });
    const { group, escaped } = await said(home);
    const folder = groupsOf(home.paths.home);
    expect(group).toMatch(/^\/xm-[0-9a-f]{12}\/0-[\w-]+$/);
    expect(groupOf(escaped)).toBe(group);
    expect(groupOf(home.godPid())).not.toContain("/0-");
    await home.ok("stop", "a");
    expect([isThere(escaped), readdirSync(folder).filter((each) => each.startsWith("0-"))]).toEqual(
      [false, []],
    );
    await home.ok("kill");
    expect(existsSync(folder)).toBe(false);
  });

  test("a life that ends by itself takes all with it, and the next has a group of its own", async () => {
    const home = testHome();
    await start(home, { cgroup: true });
    const first = await said(home);
    const { pid } = await home.process("a");
    process.kill(pid ?? 0, "SIGKILL");
    const second = await until("the next life", async () => {
      const now = await said(home);
      return now.group !== first.group && now;
    });
    expect(isThere(first.escaped)).toBe(false);
    expect(existsSync(join(groupsOf(home.paths.home), first.group.split("/")[2] ?? ""))).toBe(
      false,
    );
    expect(isThere(second.escaped)).toBe(true);
  });

  test("the next daemon kills what is left of a life that ended without one", async () => {
    const home = testHome({ env: { XM_WATCHDOG: "off" } });
    await start(home, { cgroup: true });
    const { escaped, group } = await said(home);
    const { pid } = await home.process("a");
    const god = home.godPid();
    process.kill(god, "SIGKILL");
    await until("the daemon to be gone", () => !isThere(god));
    process.kill(pid ?? 0, "SIGKILL");
    await until("it to be gone", () => !isThere(pid ?? 0));
    expect(isThere(escaped)).toBe(true);
    await home.ok("ping");
    await until("what is left to be gone", () => !isThere(escaped));
    await until("the next life", async () => (await said(home)).group !== group);
  });

  test("an adopted one is in the same group, and ends as a whole", async () => {
    const home = testHome();
    await start(home, { cgroup: true });
    const { escaped } = await said(home);
    const { pid } = await home.process("a");
    const god = home.godPid();
    process.kill(god, "SIGKILL");
    await home.nextGod(god);
    expect((await home.process("a")).pid).toBe(pid);
    await home.ok("stop", "a");
    expect([isThere(pid ?? 0), isThere(escaped)]).toEqual([false, false]);
  });

  test("a cluster is in one", async () => {
    const home = testHome();
    const script = home.file("a.cjs", "require('http').createServer().listen(0, '127.0.0.1');");
    const apps = [{ name: "a", script, instances: 2, cgroup: true }];
    await home.ok("start", home.file("e.json", JSON.stringify({ apps })));
    const groups = (await home.list()).map(({ pid }) => groupOf(pid ?? 0));
    expect(groups[0]).toMatch(/^\/xm-[0-9a-f]{12}\/cluster-[0-9a-f]+$/);
    expect(groups[1]).toBe(groups[0]);
    await home.ok("kill");
    expect(existsSync(groupsOf(home.paths.home))).toBe(false);
  });
});

test.skipIf(hasMemoryController)(
  "a limit that cannot be had is an error, not ignored",
  async () => {
    const home = testHome();
    const { code, stderr } = await start(home, { memory_max: "64M" });
    expect(code).toBe(1);
    expect(stderr).toMatch(/memory_max cannot be set: .*; (?:boot with|start the daemon where)/);
    expect(await home.ok("why", "a")).toMatch("memory_max cannot be set");
  },
);

test("a limit that makes no sense is refused before anything starts", async () => {
  const home = testHome();
  const { code, stderr } = await start(home, { cpu_max: "two" });
  expect([code, stderr]).toEqual([1, expect.stringContaining("cpu_max: expected a number of")]);
});
