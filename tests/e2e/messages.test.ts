import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

function lines(home: TestHome, name: string, count: number): Promise<string[]> {
  return until(`${count} lines of ${name}`, () => {
    const all = home.log(`${name}.log`).split("\n").filter(Boolean);
    return all.length >= count && all;
  });
}

test("an app hears messages, input and signals, and the next daemon's too", async () => {
  const home = testHome();
  await home.ok("start", program("hears.cjs"), "--name", "fork");
  const client = home.client();
  // Sent before it listens: it gets it when it does.
  expect(await client.message([0], { topic: "t", data: 1 })).toMatchObject([
    { id: 0, name: "fork", ok: true, message: "sent" },
  ]);
  await lines(home, "fork-out", 1);
  await client.input([0], "a line\nand another\n");
  await lines(home, "fork-out", 2);

  const before = home.godPid();
  process.kill(before, "SIGKILL");
  await home.nextGod(before);
  await client.input([0], "after\n");
  await lines(home, "fork-out", 3);
  await until("the app's line to the next daemon", async () => {
    await client.message([0], "again");
    return home.log("fork-out.log").includes("again");
  });
  await client.signal([0], "SIGUSR2");
  const heard = await until("the signal", () => {
    const all = home.log("fork-out.log").split("\n").filter(Boolean);
    return all.some((line) => line.startsWith("signal")) && all;
  });
  expect([...new Set(heard)]).toEqual([
    'message {"topic":"t","data":1}',
    'input "a line\\nand another\\n"',
    'input "after\\n"',
    'message "again"',
    'signal "SIGUSR2"',
  ]);
});

test("a worker of a cluster hears messages and has no input, another program gets both", async () => {
  const home = testHome();
  const shell = home.file(
    "reads.sh",
    '#!/bin/sh\nwhile read -r line; do echo "read $line"; done\n',
  );
  await home.ok(
    "start",
    program("hears.cjs"),
    "--name",
    "cluster",
    "-i",
    "1",
    "--ready",
    "spawned",
  );
  await home.ok("start", shell, "--name", "shell");
  const client = home.client();
  const ids = (await home.list()).map(({ id }) => id);
  expect((await client.message(ids, ["x"])).map(({ ok, message }) => [ok, message])).toEqual([
    [true, "sent"],
    [true, "sent"],
  ]);
  expect((await client.input(ids, "one\n")).map(({ ok, message }) => [ok, message])).toEqual([
    [false, "a cluster's processes have no input"],
    [true, "written"],
  ]);
  expect(await lines(home, "cluster-out-0", 1)).toEqual(['message ["x"]']);
  expect(await lines(home, "shell-out", 1)).toEqual(["read one"]);
  await home.ok("stop", "shell");
  expect(await client.input([1], "two\n")).toMatchObject([
    { ok: false, message: "it is not running" },
  ]);
  await expect(client.message([0, 9], "x")).rejects.toMatchObject({
    code: "ERR_PROCESS_NOT_FOUND",
  });
});

test("a message to a program whose channel ended with the daemon that started it is refused, until its next start", async () => {
  const home = testHome();
  await home.ok("start", "sleep", "--name", "other", "--", "1000000");
  const client = home.client();
  expect(await client.message([0], "heard")).toMatchObject([{ ok: true, message: "sent" }]);
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  const [outcome] = await client.message([0], "lost");
  expect(outcome?.ok).toBe(false);
  expect(outcome?.message).toContain("its message channel closed");
  await home.ok("restart", "other");
  expect(await client.message([0], "heard")).toMatchObject([{ ok: true, message: "sent" }]);
});
