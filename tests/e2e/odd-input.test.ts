import { once } from "node:events";
import { request } from "node:http";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, testHome, type TestHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

/** Asks the API itself, as a program without a check of its own does. */
async function post(
  home: TestHome,
  path: string,
  body: unknown,
): Promise<{ status: number; text: string }> {
  const headers = { "content-type": "application/json" };
  const sent = request({
    socketPath: home.paths.socket,
    method: "POST",
    path: `/v1${path}`,
    headers,
  });
  sent.end(JSON.stringify(body));
  const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
  return { status: response.statusCode ?? 0, text };
}

async function specOf(home: TestHome): Promise<Record<string, any>> {
  await home.ok("start", program("stays.js"), "--name", "a");
  const [detail] = await home.client().details();
  return detail?.spec as never;
}

test("a cron pattern that is none is refused by name, and God lives", async () => {
  const home = testHome();
  const spec = await specOf(home);
  const god = home.godPid();
  const wrong = { ...spec, name: "b", sensors: { ...spec["sensors"], cron: "garbage" } };

  const declared = await post(home, "/apps", { apps: [wrong], known: "leave", by: "test" });
  expect(declared).toMatchObject({
    status: 400,
    text: expect.stringContaining("apps.0.sensors.cron"),
  });
  const settings = [{ key: "a", spec: wrong }];
  const acted = await post(home, "/actions", { action: "restart", ids: [0], by: "test", settings });
  expect(acted).toMatchObject({
    status: 400,
    text: expect.stringContaining("settings.0.spec.sensors.cron"),
  });
  const reloaded = await post(home, "/reloads", { ids: [0], by: "test", settings });
  expect(reloaded.status).toBe(400);
  expect(isThere(god)).toBe(true);
  expect((await home.list()).map(({ name }) => name)).toEqual(["a"]);
});

test("a record with a cron pattern or a probe that cannot be used keeps no daemon from coming up", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  await specOf(home);
  await home.ok("start", program("stays.js"), "--name", "b");
  process.kill(home.godPid(), "SIGKILL");
  const journal = join(home.paths.state, "journal.ndjson");
  const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
  const last = JSON.parse(lines.at(-1) ?? "") as { seq: number };
  const record = lines.map((line) => JSON.parse(line)).find(({ app }) => app?.key === "a");
  const { spec } = record.app;
  const probe = { kind: "tcp", host: "x", port: 1_000_000_000 };
  const policy = { ...spec.policy, readiness: "probe", probe, listenTimeoutMs: 500 };
  const broken = { ...spec, policy, sensors: { ...spec.sensors, cron: "garbage" } };
  const line = { ...record, seq: last.seq + 1, app: { key: "a", spec: broken } };
  appendFileSync(journal, `${JSON.stringify(line)}\n`);

  await home.ok("ls");
  const god = home.godPid();
  await home.ok("restart", "a");
  await until("both online", async () =>
    (await home.list()).every(({ status }) => status === "online"),
  );

  expect(isThere(god)).toBe(true);
  expect(home.godLog()).toContain("a (0): its probe cannot run");
});

test("a body of more than 64 MB is refused with the limit, and God lives", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "a");
  const god = home.godPid();
  const text = "x".repeat(65 * 2 ** 20);
  await expect(home.client().input([0], text)).rejects.toMatchObject({
    code: "ERR_INPUT_INVALID",
    message: expect.stringContaining("the body is larger than 64 MB"),
  });
  expect((await home.process("a")).status).toBe("online");
  expect([home.godPid(), isThere(god)]).toEqual([god, true]);
});

test("records of the history that are damaged are left out of what `xm history` shows", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "a");
  await until(
    "a record",
    () => existsSync(home.paths.history) && readdirSync(home.paths.history).length > 0,
  );
  const file = join(home.paths.history, readdirSync(home.paths.history).at(-1) ?? "");
  const lines = (await home.ok("history", "--json", "--all")).trim().split("\n");
  const record = JSON.parse(lines.at(-1) ?? "") as object;
  const damages = [
    { ...record, at: 1e300 },
    { ...record, kind: "reload", reload: {} },
    { ...record, decision: { rule: 5 }, exit: [] },
    { ...record, name: { toString: 5 } },
    null,
  ];
  for (const damage of damages) appendFileSync(file, `${JSON.stringify(damage)}\n`);
  for (const args of [["--all"], ["a", "--all"], ["--all", "--json"]]) {
    const { code, stdout, stderr } = await home.xm("history", ...args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).not.toMatch(/Invalid Date|1e\+?300|undefined|\[object/);
  }
  const after = (await home.ok("history", "--json", "--all")).trim().split("\n");
  expect(after.slice(0, lines.length)).toEqual(lines);
});

test("a saved list with a cron pattern that cannot be used starts the others", async () => {
  const home = testHome();
  await specOf(home);
  await home.ok("start", program("stays.js"), "--name", "b");
  await home.ok("save");
  const dump = JSON.parse(readFileSync(home.paths.dump, "utf8"));
  dump[0].exmachina.sensors.cron = "garbage";
  writeFileSync(home.paths.dump, JSON.stringify(dump));
  await home.ok("delete", "all");
  const god = home.godPid();

  const { stderr } = await home.xm("resurrect");

  expect(stderr).toContain(
    'a.sensors.cron: expected a cron pattern such as "0 3 * * *", got "garbage"',
  );
  expect((await home.list()).map(({ name }) => name)).toEqual(["b"]);
  expect(isThere(god)).toBe(true);
});
