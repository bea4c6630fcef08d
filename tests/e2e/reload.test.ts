import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, testHome, type TestHome } from "../support/home.ts";
import { startLoad, type Load } from "../support/load.ts";
import { freePort } from "../support/ports.ts";

const fixture = (name: string): string => join(import.meta.dirname, "../fixtures/cluster", name);

/** A home with one cluster app on a free port. */
async function cluster(
  script: string,
  fields: Record<string, unknown> = {},
): Promise<TestHome & { port: number; pids: () => Promise<number[]> }> {
  const home = testHome();
  const port = await freePort();
  const { env, ...others } = fields;
  const app = {
    name: "web",
    script: fixture(script),
    instances: 2,
    env: { PORT: port, ...(env as object) },
    ...others,
  };
  await home.ok("start", home.file("ecosystem.json", JSON.stringify({ apps: [app] })));
  const pids = async (): Promise<number[]> => (await home.list()).map(({ pid }) => pid ?? 0);
  return { ...home, port, pids };
}

/** A cluster that says that it is ready while a file is there; it was, and the app has started. */
async function startedWhenTold(
  instances: number,
): Promise<{ home: TestHome; file: string; ready: string }> {
  const home = testHome();
  const ready = home.file("ready", "");
  const app = {
    name: "web",
    script: fixture("ready-when-told.cjs"),
    instances,
    wait_ready: true,
    listen_timeout: "60s",
    env: { PORT: await freePort(), READY: ready },
  };
  const file = home.file("ecosystem.json", JSON.stringify({ apps: [app] }));
  await home.ok("start", file);
  return { home, file, ready };
}

/** Waits until a load has had so many more answers. */
async function more(load: Load, answers: number): Promise<void> {
  const before = load.count().done;
  await until("more answers", () => load.count().done >= before + answers, {
    saw: () => load.count(),
  });
}

test.each([
  ["kept-alive connections, an app without shutdown code", "plain.cjs", {}, true],
  ["a fresh connection each, an app without shutdown code", "plain.cjs", {}, false],
  [
    "a fresh connection each, an app with its own SIGINT handler and wait_ready",
    "handles-sigint.cjs",
    { wait_ready: true },
    false,
  ],
  [
    "kept-alive connections, an app with its own SIGINT handler and wait_ready",
    "handles-sigint.cjs",
    { wait_ready: true },
    true,
  ],
  [
    "kept-alive connections, handed out in turn, an app with its own SIGINT handler",
    "handles-sigint.cjs",
    { wait_ready: true, scheduling: "round-robin" },
    true,
  ],
  [
    "kept-alive connections, an app that waits for the shutdown message",
    "handles-message.cjs",
    { shutdown_with_message: true },
    true,
  ],
  ["kept-alive connections, handed out in turn", "plain.cjs", { scheduling: "round-robin" }, true],
  [
    "a fresh connection each, handed out in turn",
    "plain.cjs",
    { scheduling: "round-robin" },
    false,
  ],
  [
    "a fresh connection each, handed out in turn, an app with its own SIGINT handler",
    "handles-sigint.cjs",
    { wait_ready: true, scheduling: "round-robin" },
    false,
  ],
] as const)("five reloads fail no request: %s", async (_, script, fields, keepAlive) => {
  const { ok, port, pids } = await cluster(script, fields);
  const before = await pids();
  const load = startLoad({ port, connections: 16, keepAlive });
  await more(load, 100);
  for (let round = 0; round < 5; round += 1) {
    await ok("reload", "web");
    await more(load, 50);
  }
  const { failed, failures } = await load.stop();
  expect([failed, failures]).toEqual([0, {}]);
  const after = await pids();
  expect(after.filter((pid) => before.includes(pid))).toEqual([]);
  expect(before.some(isThere)).toBe(false);
});

test("own shutdown code that exits at once cuts no request, and closes its server as if nothing had happened", async () => {
  const home = await cluster("exits-at-once.cjs", { instances: 1 });
  const { ok, port } = home;
  const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();
  const pid = await ask();
  const slow = fetch(`http://127.0.0.1:${port}/?ms=700`);
  await until("the request to be there", async () => (await ask()) === pid);
  await ok("reload", "web");
  expect(await (await slow).text()).toBe(pid);
  expect(await ask()).not.toBe(pid);
  expect(home.log("web-out-0.log")).toBe("true\nundefined\n0\n");
});

test("God killed under load, and again in the middle of a reload, fails no request, and the next God finishes it", async () => {
  const home = await cluster("plain.cjs", { instances: 3 });
  const { port, pids, godPid, nextGod, client } = home;
  const load = startLoad({ port, connections: 16, keepAlive: false });
  await more(load, 100);
  const first = godPid();
  process.kill(first, "SIGKILL");
  await nextGod(first);
  await more(load, 100);
  const before = await pids();
  for (const moment of ["starting", "draining"] as const) {
    const god = godPid();
    const old = await pids();
    const ids = (await home.list()).map(({ id }) => id);
    await expect(
      (async () => {
        for await (const line of client().reload({ ids, by: "a test" })) {
          if ("progress" in line && line.progress === moment) process.kill(god, "SIGKILL");
        }
      })(),
    ).rejects.toMatchObject({ code: "ERR_DAEMON_DIED" });
    await nextGod(god);
    await until("the reload to be finished by the next God", async () => {
      const now = await home.list();
      const isNew = now.every(({ pid, status }) => status === "online" && !old.includes(pid ?? 0));
      return isNew && now.every(({ reload }) => reload === null);
    });
    expect(old.filter(isThere)).toEqual([]);
    await more(load, 100);
  }
  const { failed, failures } = await load.stop();
  expect([failed, failures]).toEqual([0, {}]);
  expect(before.some(isThere)).toBe(false);
});

test("xm reload waits for the next God when this one dies, and tells how the reload ended", async () => {
  const { home, ready } = await startedWhenTold(2);
  const before = (await home.list()).map(({ pid }) => pid);
  rmSync(ready);
  const reload = home.xm("reload", "web");
  await until("it to be under way", async () => (await home.list())[0]?.reload);
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  writeFileSync(ready, "");
  const { code, stdout } = await reload;
  expect(code).toBe(0);
  expect(stdout).toContain("the daemon has died; the new one continues the reload");
  expect((await home.list()).some(({ pid }) => before.includes(pid))).toBe(false);
});

test("a broken new version leaves the old one serving, fails no request and tells why", async () => {
  const home = testHome();
  const port = await freePort();
  const mark = join(home.folder, "broken");
  const app = {
    name: "web",
    script: fixture("plain.cjs"),
    instances: 2,
    env: { PORT: port, BROKEN: mark },
  };
  const file = home.file("ecosystem.json", JSON.stringify({ apps: [app] }));
  await home.ok("start", file);
  const before = (await home.list()).map(({ pid }) => pid);
  const load = startLoad({ port, connections: 16, keepAlive: false });
  await more(load, 50);
  writeFileSync(mark, "");
  const { code, stderr } = await home.xm("reload", "web");
  await more(load, 50);
  const { failed } = await load.stop();
  expect([code, failed]).toEqual([1, 0]);
  expect(stderr).toContain("web (0): the replacement exited with code 1");
  expect(stderr).toContain("Error: this version is broken");
  expect(stderr).toContain("web (1): unchanged: the reload was aborted");
  expect((await home.list()).map(({ pid }) => pid)).toEqual(before);

  expect(await home.ok("why", "web")).toMatch(
    /The last reload \(`xm reload`, .*\) failed: the replacement of process 0: Exited with code 1/,
  );
  expect(await home.ok("history", "web")).toContain(
    "because it was a replacement that never came online",
  );

  rmSync(mark);
  await home.ok("reload", "web");
  expect(await home.ok("why", "web")).not.toContain("The last reload");
  expect((await home.list()).some(({ pid }) => before.includes(pid))).toBe(false);
});

test("a replacement that does not listen in time is given up, and --force goes on without it", async () => {
  const home = testHome();
  const port = await freePort();
  const listens = home.file("listens", "");
  const env = { PORT: port, LISTENS: listens };
  const script = fixture("never-listens.cjs");
  const app = { name: "web", script, instances: 2, listen_timeout: 900, env };
  await home.ok("start", home.file("ecosystem.json", JSON.stringify({ apps: [app] })));
  const before = (await home.list()).map(({ pid }) => pid);
  rmSync(listens);
  const { code, stderr } = await home.xm("reload", "web");
  expect(code).toBe(1);
  expect(stderr).toContain("the replacement was not ready within 900 ms (listen_timeout)");
  expect((await home.list()).map(({ pid }) => pid)).toEqual(before);
  await home.ok("reload", "web", "--force");
  expect((await home.list()).some(({ pid }) => before.includes(pid))).toBe(false);
  // What never listened need not listen after a reload either.
  await home.ok("reload", "web");
});

test("a replacement that takes another port because the old process has its own is given up, and --force goes on", async () => {
  const home = await cluster("finds-a-port.cjs", { instances: 1, listen_timeout: 1500 });
  const [before] = await home.pids();
  const { code, stderr } = await home.xm("reload", "web");
  expect(code).toBe(1);
  expect(stderr).toMatch(
    new RegExp(`the replacement listens on [0-9]+, and not on ${home.port} as the old one does`),
  );
  expect(await home.pids()).toEqual([before]);
  expect(await (await fetch(`http://127.0.0.1:${home.port}`)).text()).toBe("served");
  await home.ok("reload", "web", "--force");
  expect(await home.pids()).not.toContain(before);
});

test("a probe that the old process answers does not make its replacement ready", async () => {
  const home = testHome();
  const port = await freePort();
  const listens = home.file("listens", "");
  const app = {
    name: "web",
    script: fixture("never-listens.cjs"),
    instances: 1,
    ready: { http: `http://127.0.0.1:${port}/` },
    listen_timeout: 900,
    env: { PORT: port, LISTENS: listens },
  };
  await home.ok("start", home.file("ecosystem.json", JSON.stringify({ apps: [app] })));
  const { pid, readiness } = await home.process("web");
  expect(readiness).toBe("ready");
  rmSync(listens);
  const { code, stderr } = await home.xm("reload", "web");
  expect([code, stderr.includes("was not ready within 900 ms")]).toEqual([1, true]);
  expect((await home.process("web")).pid).toBe(pid);
});

test("a reload of a fork-mode app restarts it, says so, and finishes what is in flight", async () => {
  const home = testHome();
  const port = await freePort();
  const app = { name: "web", script: fixture("plain.cjs"), env: { PORT: port } };
  await home.ok("start", home.file("ecosystem.json", JSON.stringify({ apps: [app] })));
  await until("it to listen", async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);
  const slow = fetch(`http://127.0.0.1:${port}/?ms=400`);
  const { pid } = await home.process("web");
  await until("the request to be there", async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);
  const reload = home.ok("reload", "web");
  expect(await (await slow).text()).toBe(String(pid));
  expect(await reload).toContain("restarted: only clusters reload without downtime");
});

test("what would disturb a reload is refused, what stops a process takes it out, and the rest is finished", async () => {
  const { home, ready, file } = await startedWhenTold(3);
  rmSync(ready);
  const reload = home.xm("reload", "web");
  await until("it to be under way", async () => (await home.list())[0]?.reload);
  for (const call of [
    ["reload", "web"],
    ["restart", file],
    ["reload", file],
  ]) {
    const { code, stderr } = await home.xm(...call);
    expect([code, stderr.includes("web is being reloaded (0 of 3 processes are done)")]).toEqual([
      1,
      true,
    ]);
  }
  await home.ok("stop", "1");
  writeFileSync(ready, "");
  const { code, stdout } = await reload;
  expect(code).toBe(0);
  expect(stdout).toContain("web (1): taken out of the reload by another command");
  const list = await home.list();
  expect(list.map(({ id, status, restarts }) => [id, status, restarts])).toEqual([
    [0, "online", 1],
    [1, "stopped", 0],
    [2, "online", 1],
  ]);
});

test("a reload from a file takes over its settings when it succeeds, and none of them when it fails", async () => {
  const home = testHome();
  const port = await freePort();
  const ready = home.file("ready", "");
  const declare = (version: string, instances: number, listenTimeoutMs = 20_000): string =>
    home.file(
      "ecosystem.json",
      JSON.stringify({
        apps: [
          {
            name: "web",
            script: fixture("ready-when-told.cjs"),
            instances,
            wait_ready: true,
            listen_timeout: listenTimeoutMs,
            env: { PORT: port, READY: ready, VERSION: version },
          },
        ],
      }),
    );
  const answer = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();
  await home.ok("startOrReload", declare("1", 2));
  expect(await answer()).toBe("1");
  expect(await home.ok("startOrReload", declare("2", 3))).toContain(
    "changed instances, env.VERSION",
  );
  expect([await answer(), (await home.list()).length]).toEqual(["2", 3]);

  rmSync(ready);
  const { code } = await home.xm("reload", declare("3", 1, 400));
  expect(code).toBe(1);
  expect([await answer(), (await home.list()).length]).toEqual(["2", 3]);
  writeFileSync(ready, "");
  await home.ok("restart", "web");
  expect(await answer()).toBe("2");
});
