import { spawn, spawnSync } from "node:child_process";
import { request } from "node:http";
import { lstatSync, mkdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, xmFile, type TestHome } from "../support/home.ts";

/** Every line is a comment or a sample, each family has one type, and OpenMetrics ends with its mark. */
function check(text: string, { isOpen }: { isOpen: boolean }): Map<string, number> {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  const lines = text.trimEnd().split("\n");
  if (isOpen) expect(lines.pop()).toBe("# EOF");
  for (const line of lines.filter(Boolean)) {
    const [, word, name = "", rest = ""] = /^# (HELP|TYPE) (\w+) (.+)$/.exec(line) ?? [];
    if (word === "TYPE") {
      expect(types.has(name)).toBe(false);
      types.set(name, rest);
    }
    if (word !== undefined) continue;
    const sample = /^(\w+)((?:\{(?:\w+="(?:[^"\\\n]|\\.)*",?)*\})?) (\S+)$/.exec(line);
    expect(sample, line).not.toBe(null);
    const [, own = "", labels = "", value = ""] = sample ?? [];
    expect(types.has(isOpen ? own.replace(/_total$/, "") : own), line).toBe(true);
    expect(samples.has(own + labels), `twice: ${line}`).toBe(false);
    expect(Number.isFinite(Number(value)), line).toBe(true);
    samples.set(own + labels, Number(value));
  }
  return samples;
}

async function get(
  address: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; type: string; text: string }> {
  return new Promise((resolve, reject) => {
    request(address, { headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (more: string) => (text += more));
      const { statusCode: status = 0, headers: answered } = response;
      response.on("end", () => resolve({ status, type: answered["content-type"] ?? "", text }));
    })
      .on("error", reject)
      .end();
  });
}

/** A command that serves; ended with the test. @returns its address. */
async function serving(home: TestHome, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [xmFile, ...args], {
    env: { ...process.env, XM_HOME: home.paths.home },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const isGone = new Promise((resolve) => child.once("exit", resolve));
  onTestFinished(async () => {
    child.kill("SIGTERM");
    expect(await isGone).toBe(0);
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => (text += more));
  return until("an address", () => /http:\/\/\S+/.exec(text)?.[0]);
}

test("metrics are printed, served and written, and tell that the daemon is gone", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  const idle = home.file("idle.js", "console.log('x'); setInterval(() => {}, 1e6);");
  await home.ok("start", idle, "--name", 'a"b', "--max-memory-restart", "1G");
  await home.ok("start", idle, "--name", "two", "-i", "2", "--execute-command");
  await home.ok("restart", "two");
  const printed = check(await home.ok("metrics"), { isOpen: true });
  const own = '{app="a\\"b",instance="0",namespace="default"}';
  expect(printed.get(`xm_process_up${own}`)).toBe(1);
  expect(printed.get(`xm_process_memory_limit_bytes${own}`)).toBe(2 ** 30);
  expect(printed.get('xm_process_restarts_total{app="two",instance="1",namespace="default"}')).toBe(
    1,
  );
  expect(
    printed.get('xm_process_state{app="two",instance="0",namespace="default",state="online"}'),
  ).toBe(1);
  const address = await serving(home, "metrics", "--listen", "127.0.0.1:0", "--pm2-names");
  const usual = await get(address);
  expect(usual).toMatchObject({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8" });
  const names = [...check(usual.text, { isOpen: false }).keys()];
  expect(names.filter((name) => name.startsWith("pm2_up{"))).toHaveLength(3);
  const open = await get(address, { accept: "application/openmetrics-text;version=1.0.0" });
  expect(open.type).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  check(open.text, { isOpen: true });
  expect((await get(address, { host: "evil.example" })).status).toBe(421);
  expect((await get(address.replace("/metrics", "/"))).status).toBe(404);
  const folder = join(home.folder, ".");
  await home.ok("metrics", "--textfile", folder);
  const file = join(folder, "xm.prom");
  check(readFileSync(file, "utf8"), { isOpen: false });
  expect(statSync(file).mode & 0o777).toBe(0o644);
  await home.ok("kill");
  expect(check((await get(address)).text, { isOpen: false })).toEqual(
    new Map([["xm_daemon_up", 0]]),
  );
  expect((await home.xm("metrics", "--listen", "nowhere")).code).toBe(1);
});

test("--textfile writes through no link, whoever put one into its folder", async () => {
  const home = testHome();
  const secret = home.file("secret", "root's\n");
  const folder = join(home.folder, "textfiles");
  mkdirSync(folder);
  // Its temporary file has its pid in it, which is one of the next.
  const { pid } = spawnSync("true");
  for (let next = pid; next < pid + 2_000; next += 1)
    symlinkSync(secret, join(folder, `xm.prom.${next}.tmp`));
  await home.ok("metrics", "--textfile", folder);
  expect(readFileSync(secret, "utf8")).toBe("root's\n");
  expect(lstatSync(join(folder, "xm.prom")).isFile()).toBe(true);
});

test("`xm web` answers as PM2's, on this machine alone, without any variable", async () => {
  const home = testHome();
  const idle = home.file("idle.js", "setInterval(() => {}, 1e6);");
  const apps = {
    apps: [
      {
        script: idle,
        name: "api",
        env: { PASSWORD: "hunter2" },
        env_production: { KEY: "hunter2" },
      },
    ],
  };
  await home.ok("start", home.file("apps.json", JSON.stringify(apps)));
  const address = await serving(home, "web", "0");
  const { status, text } = await get(address);
  expect(status).toBe(200);
  expect(text).not.toContain("hunter2");
  expect(JSON.parse(text)).toMatchObject({
    system_info: { hostname: expect.any(String) },
    monit: { loadavg: [expect.any(Number), expect.any(Number), expect.any(Number)] },
    processes: [{ name: "api", pm_id: 0, pm2_env: { status: "online" } }],
  });
  expect((await get(address, { host: "evil.example" })).status).toBe(421);
});
