import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { scanProcesses } from "../../runtime/host/procfs.ts";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { countLines } from "../support/rotation.ts";

const exact = { lost: 0, doubled: 0, torn: 0 };

/** Writes `nPID NUMBER`, some at a time. */
const lines = (everyMs: number): string => `
let n = 0;
setInterval(() => { for (let i = 0; i < 50; i += 1) console.log("n" + process.pid + " " + ++n); }, ${everyMs});`;

const rotated = (home: TestHome, stem: string): string[] =>
  readdirSync(home.paths.logs).filter((name) => name.startsWith(`${stem}__`));

test("a file that grows beyond `log_max_size` is rotated by itself, compressed, and the oldest go", async () => {
  const home = testHome();
  const script = home.file("app.js", lines(2));
  await home.ok("start", script, "--log-max-size", "4K", "--log-retain", "2");
  const file = join(home.paths.logs, "app-out.log");
  const names = new Set<string>();
  await until(
    "three rotations",
    () => {
      for (const name of rotated(home, "app-out")) names.add(name.replace(/\.gz$/, ""));
      return names.size >= 3;
    },
    { withinMs: 50_000 },
  );
  await home.ok("stop", "app");
  const left = await until("compressed ones", () => {
    const now = rotated(home, "app-out");
    return now.every((name) => name.endsWith(".gz")) && now;
  });
  expect(left).toHaveLength(2);
  for (const name of left) {
    const text = gunzipSync(readFileSync(join(home.paths.logs, name))).toString();
    expect(text).toMatch(/^(n\d+ \d+\n)+$/);
  }
  expect(statSync(file).isFile()).toBe(true);
});

test("`xm rotate` rotates plain files and those of the lane, and no line is lost over a killed daemon", async () => {
  const home = testHome();
  const script = home.file("app.js", lines(1));
  await home.ok("start", script, "--name", "plain", "--no-log-compress", "--log-retain", "all");
  await home.ok("start", script, "--name", "both", "--log-type", "json", "--no-log-compress");
  const file = join(home.paths.logs, "plain-out.log");
  const json = join(home.paths.logs, "both-out.log");
  await until("lines", () => statSync(file).size > 0 && statSync(json).size > 0);
  for (let kills = 0; kills < 2; kills += 1) {
    const before = home.godPid();
    const call = home.xm("rotate");
    await until("a rotation", () => rotated(home, "plain-out").length > kills);
    process.kill(before, "SIGKILL");
    await call;
    await home.nextGod(before);
    await home.ok("ping");
  }
  const told = await home.ok("rotate", "both");
  expect(told.trim()).toMatch(/both-out__\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d(\.\d+)?\.log$/);
  const pids = (await home.list()).map(({ pid }) => pid);
  const states = scanProcesses().filter(({ pid }) => pids.includes(pid));
  expect(states.map(({ state }) => state)).not.toContain("T");
  await until("the lane's new file", () => statSync(json).size > 0);
  await home.ok("stop", "all");
  expect(countLines(file)).toMatchObject(exact);
  const records = [...rotated(home, "both-out").map((name) => join(home.paths.logs, name)), json]
    .flatMap((path) => readFileSync(path, "utf8").split("\n").filter(Boolean))
    .map((line) => (JSON.parse(line) as { message: string }).message);
  const numbers = records.map((message) => Number(message.split(" ")[1])).toSorted((a, b) => a - b);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
}, 120_000);

test("a named file is rotated when that is asked for, and otherwise never", async () => {
  const home = testHome();
  const script = home.file(
    "app.js",
    `process.stdout.write("x".repeat(99) + "\\n"); setInterval(() => {}, 1e6);`,
  );
  const file = join(home.folder, "named.log");
  await home.ok("start", script, "-o", file, "--merge-logs");
  await until("a line", () => statSync(file).size === 100);
  expect((await home.ok("describe", "app")).includes("log_max_size")).toBe(false);
  await home.ok("restart", "app", "--log-max-size", "50B");
  expect(await home.ok("describe", "app")).toMatch(/log_max_size\W+50b/);
  await until(
    "a rotation",
    () => readdirSync(home.folder).some((name) => name.startsWith("named__")),
    {
      withinMs: 40_000,
    },
  );
});

test("pm2-logrotate is built in: `install` takes its settings, `set` says what cannot be", async () => {
  const home = testHome();
  await home.ok("set", "pm2-logrotate:retain", "3");
  expect(await home.ok("install", "pm2-logrotate")).toContain("built in");
  const settings = JSON.parse(readFileSync(home.paths.settings, "utf8")) as Record<string, object>;
  expect(settings["pm2-logrotate"]).toEqual({
    max_size: "10M",
    retain: "3",
    compress: "false",
    dateFormat: "YYYY-MM-DD_HH-mm-ss",
    workerInterval: "30",
    rotateInterval: "0 0 * * *",
    rotateModule: "true",
  });
  const ran = await home.xm("set", "pm2-logrotate:max_size", "lots");
  expect(ran.stderr).toBe('xm: pm2-logrotate:max_size cannot be "lots"; it is ignored\n');
});

test("a schedule that was due while no daemon was there is made up for", async () => {
  const home = testHome();
  const script = home.file("app.js", `console.log("n1 1"); setInterval(() => {}, 1e6);`);
  await home.ok("start", script, "--log-rotate", "* * * * * *", "--no-log-compress");
  await until("a rotation", () => rotated(home, "app-out").length > 0, { withinMs: 40_000 });
  expect(existsSync(join(home.paths.rotation, "looked"))).toBe(true);
  writeFileSync(join(home.paths.logs, "app-out.log"), "n1 2\n", { flag: "a" });
  await until("another", () => rotated(home, "app-out").length > 1, { withinMs: 40_000 });
});

test.each([
  ["--log-max-size", "big", "log_max_size"],
  ["--log-rotate", "now and then", "log_rotate"],
  ["--log-date-suffix", "../YYYY", "log_date_suffix"],
  ["--log-retain", "-1", "log_retain"],
])("`%s %s` is refused by its name", async (flag, value, field) => {
  const home = testHome();
  const ran = await home.xm("start", home.file("app.js", ""), `${flag}=${value}`);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain(field);
});

test("`xm migrate` takes the settings of pm2-logrotate, and its defaults for what was not set", async () => {
  const home = testHome();
  const pm2 = join(home.folder, "pm2");
  mkdirSync(join(pm2, "modules"), { recursive: true });
  const put = (name: string, value: unknown): void =>
    writeFileSync(join(pm2, name), JSON.stringify(value));
  put("dump.pm2", []);
  put("modules/package.json", { dependencies: { "pm2-logrotate": "3", "pm2-other": "1" } });
  put("module_conf.json", { "pm2-logrotate": { retain: "5" } });
  const { stdout } = await home.xm("migrate", pm2);
  expect(stdout).toContain("pm2-logrotate is built in");
  expect(stdout).toContain("not imported: the module pm2-other");
  const settings = JSON.parse(readFileSync(home.paths.settings, "utf8")) as Record<string, object>;
  expect(settings["pm2-logrotate"]).toMatchObject({
    retain: "5",
    max_size: "10M",
    compress: "false",
  });
});

test("a home's limit removes the oldest rotated files of all apps, and god.log reports it", async () => {
  const home = testHome();
  const script = home.file("app.js", "setInterval(() => {}, 1000); console.log('one line');");
  await home.ok("start", script, "--name", "one");
  await home.ok("start", script, "--name", "two");
  const put = (name: string, bytes: number): void =>
    writeFileSync(join(home.paths.logs, name), "x".repeat(bytes));
  put("one-out__2026-01-01_00-00-00.log.gz", 5_000);
  const refused = await home.xm("set", "exmachina:log_max_total", "much");
  expect(refused.stderr).toMatch(/exmachina:log_max_total cannot be "much": give a size/);
  await home.ok("set", "exmachina:log_max_total", "4K");
  await home.ok("rotate");
  await until("the oldest file is gone", () =>
    rotated(home, "one-out").every((name) => !name.includes("2026-01-01")),
  );
  expect(rotated(home, "two-out")).toHaveLength(1);
  await until("god.log reports it", () =>
    /more than `exmachina:log_max_total`: removed 1 rotated log file /.test(
      readFileSync(home.paths.log, "utf8"),
    ),
  );
});
