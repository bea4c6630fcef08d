import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, testHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

test("a life from start to delete: every command does its work and says 0", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "a");
  const first = await home.process("a");
  expect(first).toMatchObject({ id: 0, status: "online", restarts: 0, mode: "fork" });
  expect((await home.ok("pid", "a")).trim()).toBe(String(first.pid));
  expect((await home.ok("id", "a")).trim()).toBe("[ 0 ]");

  await home.ok("restart", "a");
  const second = await home.process("a");
  expect(second).toMatchObject({ status: "online", restarts: 1 });
  expect(second.pid).not.toBe(first.pid);
  await home.ok("reset", "a");
  expect((await home.process("a")).restarts).toBe(0);

  await home.ok("stop", "a");
  expect(await home.process("a")).toMatchObject({ status: "stopped", pid: null });
  await home.ok("start", "a");
  expect(await home.process("a")).toMatchObject({ status: "online", restarts: 0 });
  await home.ok("delete", "a");
  expect(await home.list()).toEqual([]);
});

test("what cannot be done says what, why and how to mend it, and is not 0", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "billing");
  const told = async (...args: string[]): Promise<string> => {
    const ran = await home.xm(...args);
    expect(ran.code, args.join(" ")).toBe(1);
    return ran.stderr;
  };
  expect(await told("stop", "biling")).toContain('did you mean "billing"?');
  expect(await told("start", "no-such-program")).toContain("script not found");
  expect(await told("start", program("stays.js"), "--name", "billing")).toContain("already runs");
  expect(await told("strat")).toContain('did you mean "start"?');
  expect(await told("start", program("stays.js"), "--max-restart", "3")).toContain(
    'did you mean "--max-restarts"?',
  );
  expect(
    await told("start", program("stays.js"), "--name", "x", "--cron-restart", "nonsense"),
  ).toContain("expected a cron pattern");
  expect(await told("scale", "billing", "0")).toContain("xm delete billing");
  await told();
  await home.ok("delete", "all");
  expect(await told("stop", "all")).toContain("there are no processes");
});

test("an ecosystem file starts what is missing, restarts the rest and shows what changed", async () => {
  const home = testHome();
  const app = (env: object): string =>
    JSON.stringify({
      apps: [
        { name: "a", script: program("stays.js"), env },
        { name: "b", script: program("stays.js") },
      ],
    });
  const file = home.file("apps.json", app({ COLOR: "red" }));
  await home.ok("start", file);
  await home.ok("delete", "b");
  home.file("apps.json", app({ COLOR: "blue" }));

  const told = await home.ok("start", file);

  expect(told).toContain("a (0): changed env.COLOR");
  expect((await home.list()).map(({ name, status, restarts }) => [name, status, restarts])).toEqual(
    [
      ["a", "online", 1],
      ["b", "online", 0],
    ],
  );
  expect(await home.ok("env", "a")).toContain("COLOR: blue\n");
  await home.ok("stop", file);
  expect((await home.list()).map(({ status }) => status)).toEqual(["stopped", "stopped"]);
});

test("a configuration comes on stdin", async () => {
  const home = testHome();
  const ran = await home.run(["start", "-"], {
    input: `name: y\nscript: ${program("stays.js")}\n`,
  });
  expect(ran.code).toBe(0);
  expect((await home.process("y")).status).toBe("online");
});

test("every fault of a file is told at once, with its place", async () => {
  const home = testHome();
  const file = home.file(
    "bad.json",
    JSON.stringify({
      apps: [{ script: program("stays.js"), max_memory_restart: "300Q" }, { scrpt: "x" }],
    }),
  );
  const { code, stderr } = await home.xm("start", file);
  expect(code).toBe(1);
  expect(stderr).toContain(
    'apps[0].max_memory_restart: expected bytes or a size such as "300M", got "300Q"',
  );
  expect(stderr).toContain('apps[1].scrpt: no such field; did you mean "script"?');
});

test("processes are named by id, name, namespace, /regex/ and all", async () => {
  const home = testHome();
  for (const [name, namespace] of [
    ["a1", "red"],
    ["a2", "blue"],
    ["b1", "blue"],
  ] as const) {
    await home.ok("start", program("stays.js"), "--name", name, "--namespace", namespace);
  }
  const stopped = async (): Promise<string[]> =>
    (await home.list()).filter(({ status }) => status === "stopped").map(({ name }) => name);
  await home.ok("stop", "/^a/");
  expect(await stopped()).toEqual(["a1", "a2"]);
  await home.ok("start", "all");
  await home.ok("stop", "blue");
  expect(await stopped()).toEqual(["a2", "b1"]);
  await home.ok("stop", "0");
  expect(await stopped()).toEqual(["a1", "a2", "b1"]);
});

test("the list is sorted as asked, TypeScript runs, and a watched path may come later", async () => {
  const home = testHome();
  await home.ok("start", program("typed.ts"), "--name", "b");
  const watch = (path: string): string[] => ["--watch", path, "--watch-delay", "60s"];
  await home.ok("start", program("stays.js"), "--name", "a", ...watch("none"));
  expect((await home.process("a")).status).toBe("online");
  await until("its line", () => home.log("b-out.log") === "typed 3\n");
  const order = async (by: string): Promise<string[]> =>
    [...(await home.ok("ls", "--sort", by)).matchAll(/^│ +\d+ │ (\w+)/gm)].map(
      ([, name]) => name ?? "",
    );
  expect(await order("name")).toEqual(["a", "b"]);
  expect(await order("id")).toEqual(["b", "a"]);
  expect(await order("name:desc")).toEqual(["b", "a"]);
  expect((await home.xm("ls", "--sort", "size")).code).toBe(1);
});

test("scale adds and removes processes, the lowest ids first, and gives no id twice", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "s");
  await home.ok("scale", "s", "+2");
  expect((await home.list()).map(({ id, instance }) => [id, instance])).toEqual([
    [0, 0],
    [1, 1],
    [2, 2],
  ]);
  await home.ok("scale", "s", "-1");
  expect((await home.list()).map(({ id }) => id)).toEqual([1, 2]);
  await home.ok("scale", "s", "3");
  expect((await home.list()).map(({ id, instance }) => [id, instance])).toEqual([
    [1, 1],
    [2, 2],
    [3, 0],
  ]);
  await home.ok("delete", "all");
  await home.ok("start", program("stays.js"));
  expect((await home.list()).map(({ id }) => id)).toEqual([0]);
});

test("logs shows the last lines, follows what is added, and flush empties", async () => {
  const home = testHome();
  const flag = join(home.folder, "ready");
  await home.ok("start", program("ready-late.js"), "--name", "l", "--", flag);
  const line = await until("its line", () => /up \d+/.exec(home.log("l-out.log"))?.[0]);
  expect(await home.ok("logs", "l", "--nostream")).toContain(`0|l | ${line}\n`);
  expect(await home.ok("logs", "l", "--nostream", "--raw")).toBe(`${line}\n`);
  const [record] = (await home.ok("logs", "l", "--nostream", "--json")).trim().split("\n");
  expect(JSON.parse(record ?? "")).toMatchObject({
    message: line,
    type: "out",
    process_id: 0,
    app_name: "l",
  });

  const abort = new AbortController();
  const seen: string[] = [];
  // The last lines too: what is added before the daemon has begun to follow is among them.
  const query = { ids: [0], lines: 15, follow: true, streams: ["out"] as const };
  const following = (async () => {
    for await (const each of home.client().logs(query, abort.signal)) seen.push(each.line);
  })();
  home.file("ready", "");
  await until("the added line", () => seen.includes("said ready"));
  abort.abort();
  await following;
  await home.ok("flush", "l");
  expect(home.log("l-out.log")).toBe("");
});

test("a saved list is resurrected after a kill, and resurrecting twice doubles nothing", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "a");
  await home.ok("save");
  await home.ok("kill");
  expect(await home.ok("ls")).toContain("no processes");
  await home.ok("resurrect");
  await home.ok("resurrect");
  expect((await home.list()).map(({ name, status }) => [name, status])).toEqual([["a", "online"]]);
});

test("jlist is one line of JSON in PM2's format, with the environment flat and nested", async () => {
  const home = testHome();
  await home.run(["start", program("stays.js"), "--name", "j"], { env: { FLAVOUR: "sweet" } });
  const text = await home.ok("jlist");
  const [process] = JSON.parse(text) as [
    { pid: number; name: string; pm_id: number; monit: object; pm2_env: Record<string, unknown> },
  ];
  expect(text.trimEnd().split("\n")).toHaveLength(1);
  expect(Object.keys(process).sort()).toEqual(["monit", "name", "pid", "pm2_env", "pm_id"]);
  expect(process.pm2_env).toMatchObject({
    status: "online",
    exec_mode: "fork_mode",
    restart_time: 0,
    FLAVOUR: "sweet",
  });
  expect(process.pm2_env["env"]).toMatchObject({ FLAVOUR: "sweet" });
});

test("a process sees who it is, and keeps the environment of its start unless told otherwise", async () => {
  const home = testHome();
  const script = home.file(
    "env.cjs",
    "console.log(`${process.env.pm_id} ${process.env.NODE_APP_INSTANCE} ${process.env.name} ${process.env.TASTE}`); setInterval(() => {}, 1e9);",
  );
  const lines = (): string[] => home.log("e-out.log").trim().split("\n");
  await home.run(["start", script, "--name", "e"], { env: { TASTE: "sweet" } });
  await until("the first life", () => lines()[0] === "0 0 e sweet");
  await home.run(["restart", "e"], { env: { TASTE: "sour" } });
  await until("the second", () => lines()[1] === "0 0 e sweet");
  await home.run(["restart", "e", "--update-env"], { env: { TASTE: "sour" } });
  await until("the third", () => lines()[2] === "0 0 e sour");
});

test("treekill: false leaves what the process started alone", async () => {
  const home = testHome();
  await home.ok(
    "start",
    program("leaves-grandchildren.js"),
    "--name",
    "g",
    "--no-treekill",
    "--",
    join(home.folder, "never"),
  );
  const [, , near, far] = await until("its pids", () =>
    /life (\d+) (\d+) (\d+)/.exec(home.log("g-out.log")),
  );
  await home.ok("delete", "g");
  expect([isThere(Number(near)), isThere(Number(far))]).toEqual([true, true]);
  for (const pid of [near, far]) process.kill(Number(pid), "SIGKILL");
});

test("sendSignal reaches the main process", async () => {
  const home = testHome();
  await home.ok("start", program("ignores-sigint.js"), "--name", "i");
  await until("it to be up", () => home.log("i-out.log").includes("up"));
  await home.ok("sendSignal", "SIGINT", "i");
  await until("the signal", () => home.log("i-out.log").includes("SIGINT 1"));
  expect((await home.process("i")).status).toBe("online");
});

test("a shell command runs through bash, and a bare command from PATH by itself", async () => {
  const home = testHome();
  await home.ok("start", "echo one two; sleep 1000000", "--name", "sh");
  await home.ok("start", "sleep", "--name", "bare", "--", "1000000");
  await until("the echo", () => home.log("sh-out.log") === "one two\n");
  expect((await home.list()).map(({ status }) => status)).toEqual(["online", "online"]);
});

test("why and describe tell the reason at one look", async () => {
  const home = testHome();
  await home.xm("start", program("crashes.js"), "--name", "c", "--max-restarts", "2", "--", "7");
  await until("errored", async () => (await home.process("c")).status === "errored");
  const sentence = (await home.process("c")).decision ?? "";
  expect(sentence).toMatch(
    /^Exited with code 7 after .*; it is marked errored, because that was unstable exit 2 of 2 in a row/,
  );
  expect(await home.ok("why", "c")).toContain(sentence);
  expect(await home.ok("describe", "c")).toContain(sentence);
  expect(await home.ok("ls")).toContain(`c: ${sentence} (xm why c)`);
});

test("the API answers a problem with code and fix to what it cannot do", async () => {
  const home = testHome();
  await home.ok("ping");
  await expect(home.client().detail(99)).rejects.toMatchObject({
    code: "ERR_PROCESS_NOT_FOUND",
    class: "not-found",
    fix: "run `xm ls` to see the list",
  });
});

test("events are told as they happen", async () => {
  const home = testHome();
  await home.ok("ping");
  const abort = new AbortController();
  const seen: string[] = [];
  const listening = (async () => {
    for await (const { event, status, name } of home.client().events(abort.signal))
      seen.push(`${name} ${event} ${status}`);
  })();
  await until("the stream", async () => {
    await home.ok("start", program("stays.js"), "--name", "ev", "-f");
    return seen.length > 0;
  });
  expect(seen).toContain("ev child.spawned online");
  abort.abort();
  await listening;
});
