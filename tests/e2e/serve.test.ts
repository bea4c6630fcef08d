import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { isThere, testHome, xmFile, type TestHome } from "../support/home.ts";
import { until } from "../support/condition.ts";
import { freePort } from "../support/ports.ts";

function siteIn(home: TestHome): string {
  const folder = join(home.folder, "site");
  mkdirSync(folder);
  writeFileSync(join(folder, "index.html"), "home");
  writeFileSync(join(folder, "a.txt"), "a");
  return folder;
}

const text = async (port: number, path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  return [response.status, await response.text()];
};

test("a folder is served on this machine's own address by a process that is managed as any other", async () => {
  const home = testHome();
  const folder = siteIn(home);
  const port = await freePort();
  const said = await home.ok("serve", "site", String(port), "--spa");
  expect(said).toContain(`static-page-server-${port} serves ${folder} on http://127.0.0.1:${port}`);
  expect(await text(port, "/a.txt")).toEqual([200, "a"]);
  expect(await text(port, "/deep/link")).toEqual([200, "home"]);
  const again = await home.xm("serve", "site", String(port));
  expect([again.code, again.stderr]).toEqual([
    1,
    `xm: port ${port}: static-page-server-${port} (0) runs already
    \`xm restart static-page-server-${port}\`, or another port or --name; --force starts a second one
    see docs/reference/errors.md#err_usage\n`,
  ]);
  const before = await home.process(`static-page-server-${port}`);
  await home.ok("restart", String(before.id));
  expect(isThere(before.pid ?? 0)).toBe(false);
  expect(await text(port, "/")).toEqual([200, "home"]);
});

test("several processes serve a folder, and a reload of them fails no request", async () => {
  const home = testHome();
  siteIn(home);
  const port = await freePort();
  await home.ok("expose", "site", "--port", String(port), "--name", "site", "-i", "2");
  const over = new AbortController();
  const answers: unknown[] = [];
  const asking = (async () => {
    while (!over.signal.aborted) {
      answers.push(await text(port, "/a.txt", { connection: "close" }));
    }
  })();
  await home.ok("reload", "site");
  over.abort();
  await asking;
  expect(answers.length).toBeGreaterThan(0);
  expect(answers.filter((each) => JSON.stringify(each) !== '[200,"a"]')).toEqual([]);
});

test("static of a file and script: serve are served, behind a login where one is asked for", async () => {
  const home = testHome();
  siteIn(home);
  const [first, second] = [await freePort(), await freePort()];
  const file = home.file(
    "web.json",
    JSON.stringify({
      static: [{ path: "site", port: first, basic_auth: { username: "me", password: "x" } }],
      apps: [{ script: "serve", env: { PM2_SERVE_PATH: "site", PM2_SERVE_PORT: second } }],
    }),
  );
  await home.ok("start", file);
  const authorization = `Basic ${Buffer.from("me:x").toString("base64")}`;
  expect((await text(first, "/a.txt"))[0]).toBe(401);
  expect(await text(first, "/a.txt", { authorization })).toEqual([200, "a"]);
  expect(await text(second, "/a.txt")).toEqual([200, "a"]);
  expect((await home.list()).map(({ name }) => name).toSorted()).toEqual([
    "serve",
    `static-page-server-${first}`,
  ]);
  await home.ok("delete", file);
  expect(await home.list()).toEqual([]);
});

test("a port in use, a missing folder, half a login and a wrong port are told before anything starts", async () => {
  const home = testHome();
  siteIn(home);
  const port = await freePort();
  const other = createServer();
  await new Promise<void>((listens) => {
    other.listen(port, "127.0.0.1", listens);
  });
  onTestFinished(() => void other.close());
  const failing: [string[], string][] = [
    [["site", String(port)], `port ${port}: another program listens on 127.0.0.1:${port}`],
    [["nowhere"], `the folder ${join(home.folder, "nowhere")}`],
    [["site/a.txt"], `${join(home.folder, "site/a.txt")} is not a folder`],
    [["site", "http"], 'port: expected a number up to 65535, got "http"'],
    [["site", "0", "--basic-auth-username", "me"], "--basic-auth-password: expected together"],
    [["site", "0", "--host", "192.0.2.1"], "--host: this machine has no address 192.0.2.1"],
  ];
  for (const [words, fault] of failing) {
    const ran = await home.xm("serve", ...words);
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining(`xm: ${fault}`)]);
  }
  expect(await home.list()).toEqual([]);
  // From a file the server itself finds out, and its log says so.
  const env = { PM2_SERVE_PATH: "site", PM2_SERVE_PORT: port };
  const app = { name: "late", script: "serve", env, max_restarts: 1 };
  const ran = await home.run(["start", "-"], { input: JSON.stringify(app) });
  expect(ran.code).toBe(1);
  expect(home.log("late-error.log")).toBe(
    `xm serve: PM2_SERVE_PORT: another program listens on 127.0.0.1:${port}\n`,
  );
});

test("a password stands in no list of processes, and may come from the environment", async () => {
  const home = testHome();
  siteIn(home);
  const secret = "swordfish-7391";
  const port = await freePort();
  const words = ["serve", "site", String(port), "--basic-auth-username", "me"];
  // A daemon that comes up first gives the call time to be checked.
  const call = spawn(process.execPath, [xmFile, ...words, "--basic-auth-password", secret], {
    cwd: home.folder,
    env: { ...process.env, XM_HOME: home.paths.home },
    stdio: "ignore",
  });
  const wordsOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, "latin1");
  await until("its words to be hidden", () => !wordsOf(call.pid ?? 0).includes(secret));
  expect(wordsOf(call.pid ?? 0)).toMatch(/^xm serve/);
  await until("the end of the call", () => call.exitCode !== null);
  const authorization = `Basic ${Buffer.from(`me:${secret}`).toString("base64")}`;
  expect((await text(port, "/a.txt"))[0]).toBe(401);
  expect(await text(port, "/a.txt", { authorization })).toEqual([200, "a"]);
  const { pid } = await home.process(`static-page-server-${port}`);
  expect(wordsOf(pid ?? 0)).not.toContain(secret);

  const other = await freePort();
  words[2] = String(other);
  const ran = await home.run(words, { env: { PM2_SERVE_BASIC_AUTH_PASSWORD: secret } });
  expect(ran.code).toBe(0);
  expect((await text(other, "/a.txt"))[0]).toBe(401);
  expect(await text(other, "/a.txt", { authorization })).toEqual([200, "a"]);
});
