import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, processesOf, testHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

test("twenty simultaneous starts of twenty names make one daemon and twenty processes", async () => {
  const home = testHome();
  const names = Array.from({ length: 20 }, (_, n) => `p${n}`);
  const ran = await Promise.all(
    names.map((name) =>
      home.xm("start", "sleep", "--interpreter", "none", "--name", name, "--", "1000000"),
    ),
  );

  expect(ran.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    names.map(() => ({ code: 0, stderr: "" })),
  );
  const list = await home.list();
  expect(list.map(({ name }) => name).sort()).toEqual([...names].sort());
  expect(list.map(({ id }) => id)).toEqual(names.map((_, id) => id));
  expect(
    processesOf(home.paths.home).filter(({ command }) => command.includes("God Daemon")),
  ).toHaveLength(1);
});

test("a God stopped by SIGSTOP is named within five seconds instead of waited for", async () => {
  const home = testHome();
  await home.ok("ping");
  const god = home.godPid();
  process.kill(god, "SIGSTOP");

  const ran = await home.xm("ls");
  process.kill(god, "SIGCONT");

  expect(ran.code).not.toBe(0);
  expect(ran.ms).toBeLessThan(5_000);
  expect(ran.stderr).toContain(`kill -CONT ${god}`);
});

test("a socket left behind by a dead God is no obstacle", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  await home.ok("ping");
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await until("God to be gone", () => !isThere(god));

  await home.ok("ping");

  expect(home.godPid()).not.toBe(god);
});

test("five hundred processes start from one file", async () => {
  const home = testHome();
  const app = {
    name: "many",
    script: "sleep",
    args: ["1000000"],
    interpreter: "none",
    instances: 500,
    exec_mode: "fork",
  };
  const file = home.file("many.json", JSON.stringify({ apps: [app] }));
  await home.ok("start", file);

  const list = await home.list();
  expect(list.filter(({ status }) => status === "online")).toHaveLength(500);
});

test("the daemon's title names its home", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"));
  const god = processesOf(home.paths.home).find(({ pid }) => pid === home.godPid());
  expect(god?.command).toContain(`God Daemon (${home.paths.home})`);
});
