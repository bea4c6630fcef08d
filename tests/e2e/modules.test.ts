import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";

/** npm reaches nothing but this machine, and keeps its files in a folder of the test's. */
const offline = (): TestHome => {
  const cache = mkdtempSync(join(tmpdir(), "xm-npm-"));
  onTestFinished(() => rmSync(cache, { recursive: true, force: true }));
  return testHome({
    env: {
      npm_config_cache: cache,
      npm_config_registry: "http://127.0.0.1:9/",
      npm_config_offline: "true",
      npm_config_fetch_retries: "0",
      npm_config_update_notifier: "false",
    },
  });
};

interface Listed {
  readonly name: string;
  readonly pm_id: number;
  readonly pm2_env: Readonly<Record<string, unknown>> & {
    axm_monitor: Record<string, { value: unknown }>;
  };
}

const listed = async (home: TestHome, name: string): Promise<Listed> => {
  const list = JSON.parse(await home.ok("jlist")) as Listed[];
  const found = list.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

/** Changes a file of a module's folder. */
const edit = (file: string, change: (text: string) => string): void =>
  writeFileSync(file, change(readFileSync(file, "utf8")));

const versioned = (version: string) => (text: string) =>
  text.replace(/"version": "[^"]+"/, `"version": "${version}"`);

test("a folder is installed, configured, updated and removed", async () => {
  const home = offline();
  await home.ok("module:generate", "sample");
  const folder = join(home.folder, "sample");
  edit(join(folder, "package.json"), (text) =>
    text.replace(
      '"main"',
      `"scripts": { "postinstall": "echo ran > ${home.folder}/ran" },\n"main"`,
    ),
  );
  expect(await home.ok("install", "./sample")).toContain("module sample 1.0.0 runs");
  expect(existsSync(join(home.folder, "ran"))).toBe(false);
  await home.ok("start", "sleep 1000", "--name", "other");

  const first = await listed(home, "sample");
  expect(first.pm2_env).toMatchObject({
    namespace: "modules",
    pmx_module: true,
    version: "1.0.0",
    status: "online",
    pm_cwd: join(home.paths.home, "modules/sample/node_modules/sample"),
    sample: '{"interval":"1000","greeting":"hello"}',
    greeting: "hello",
  });
  const table = await home.ok("ls");
  expect(table).toMatch(/│ id │ name[^]*other[^]*│ id │ module[^]*sample/);
  expect(table.slice(0, table.indexOf("module"))).not.toContain("sample");

  // Settings are kept over everything below, and reach the module at once.
  expect(await home.ok("set", "sample:greeting", "welcome")).toContain("restarted");
  await until(
    "a metric",
    async () => (await listed(home, "sample")).pm2_env.axm_monitor["beats"] !== undefined,
  );
  expect(await home.ok("trigger", "sample", "greet")).toMatch(/welcome after \d+ beats/);

  edit(join(folder, "package.json"), versioned("1.0.1"));
  expect(await home.ok("module:update", "sample", "--allow-scripts")).toContain(
    "sample 1.0.1 runs",
  );
  expect(existsSync(join(home.folder, "ran"))).toBe(true);
  const next = await listed(home, "sample");
  expect([next.pm_id, next.pm2_env["version"], next.pm2_env["greeting"]]).toEqual([
    first.pm_id,
    "1.0.1",
    "welcome",
  ]);

  // `all` is every app of the user's.
  await home.ok("stop", "all");
  await home.ok("delete", "all");
  const { pid } = await home.process("sample");
  expect((await home.list()).map(({ name, status }) => [name, status])).toEqual([
    ["sample", "online"],
  ]);

  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  expect(await home.process("sample")).toMatchObject({ pid, isModule: true });

  expect(await home.ok("uninstall", "sample")).toContain("module sample is removed");
  expect(await home.list()).toEqual([]);
  expect(readdirSync(join(home.paths.home, "modules"))).toEqual([]);
  expect(await home.ok("get", "sample:greeting")).toBe("welcome\n");
}, 120_000);

test("with --safe a version that does not stay up gives way to the one before", async () => {
  const home = offline();
  await home.ok("module:generate", "sample");
  const folder = join(home.folder, "sample");
  await home.ok("install", folder);
  edit(join(folder, "package.json"), versioned("2.0.0"));
  edit(
    join(folder, "index.js"),
    (text) => `setTimeout(() => { throw new Error("broken"); }, 100);\n${text}`,
  );
  const { code, stderr } = await home.xm("install", folder, "--safe", "10s");
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/sample does not stay up[^]*version 1\.0\.0 runs again/),
  ]);
  expect((await listed(home, "sample")).pm2_env).toMatchObject({
    version: "1.0.0",
    status: "online",
  });
  const before = await home.process("sample");
  expect(readdirSync(join(home.paths.home, "modules"))).toEqual(["sample"]);

  // What cannot be run at all leaves the running one untouched.
  edit(join(folder, "package.json"), (text) => text.replace("index.js", "gone.js"));
  writeFileSync(join(folder, "index.js.old"), "");
  edit(join(folder, "package.json"), (text) =>
    text.replace('"main": "gone.js",', '"main": "gone.js", "files": ["index.js.old"],'),
  );
  const invalid = await home.xm("install", folder);
  expect([invalid.code, invalid.stderr]).toEqual([
    1,
    expect.stringContaining("names no program that exists"),
  ]);
  expect((await home.process("sample")).pid).toBe(before.pid);

  // A first one that does not stay up is not left behind.
  await home.ok("uninstall", "sample");
  writeFileSync(join(folder, "index.js"), "process.exit(3);");
  edit(join(folder, "package.json"), (text) =>
    text.replace("gone.js", "index.js").replace("index.js.old", "index.js"),
  );
  const alone = await home.xm("install", folder, "--safe");
  expect([alone.code, alone.stderr]).toEqual([1, expect.stringContaining("it was removed again")]);
  expect([await home.list(), readdirSync(join(home.paths.home, "modules"))]).toEqual([[], []]);
}, 120_000);

test("an archive is installed; what cannot be is refused in words", async () => {
  const home = offline();
  await home.ok("module:generate", "@acme/sample");
  await home.ok("package", "sample");
  await home.ok("install", "acme-sample-1.0.0.tgz");
  expect((await listed(home, "@acme/sample")).pm2_env["status"]).toBe("online");
  const { code, stderr } = await home.run(["publish", "sample", "--dry-run"]);
  expect([code, stderr]).toEqual([0, expect.stringContaining("@acme/sample@1.0.0")]);

  await home.ok("start", "sleep 1000", "--name", "taken");
  await home.ok("module:generate", "taken");
  home.file("library.json", "{}");
  const wrong: [args: string[], said: RegExp][] = [
    [["install"], /no module named/],
    [["install", "./nowhere"], /there is no .*nowhere/],
    [["install", "taken"], /an app is called taken \(1\)/],
    [["install", "no-such-package"], /npm could not install no-such-package/],
    [["install", "sample", "--safe=soon"], /--safe soon is not a time/],
    [["uninstall", "nobody"], /no module "nobody" is installed[^]*@acme\/sample/],
    [["uninstall", "../logs"], /no module "..\/logs" is installed/],
    [["uninstall", "taken"], /no module "taken" is installed/],
    [["module:update", "nobody"], /no module "nobody"/],
    [["module:generate", "../x"], /is not a name of npm's/],
    [["module:generate", "taken"], /already exists/],
    [["package", "nowhere"], /has no package.json/],
  ];
  for (const [args, said] of wrong) {
    const ran = await home.run(args);
    expect([args, ran.code, ran.stderr]).toEqual([args, 1, expect.stringMatching(said)]);
  }
  const noNpm = await home.run(["install", "other"], { env: { PATH: home.folder } });
  expect(noNpm.code).toBe(1);
  expect((await home.list()).map(({ name }) => name)).toEqual(["@acme/sample", "taken"]);
  expect(readdirSync(join(home.paths.home, "modules"))).toEqual(["@acme"]);

  await home.ok("uninstall", "@acme/sample");
  expect(readdirSync(join(home.paths.home, "modules"))).toEqual([]);
}, 120_000);
