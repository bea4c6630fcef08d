import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

test("init writes a file that starts, and replaces none that is there unless told to", async () => {
  const home = testHome();
  home.file("server.js", "setInterval(() => {}, 1e9);");
  const file = join(home.folder, "ecosystem.config.js");
  expect(await home.ok("init")).toContain(file);
  const written = readFileSync(file, "utf8");
  await home.ok("start", file, "--env", "production");
  expect(await home.process("app")).toMatchObject({
    status: "online",
    script: `${home.folder}/server.js`,
  });
  expect(await home.ok("env", "app")).toContain("NODE_ENV: production\n");

  const refused = await home.xm("init", "simple");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("`xm init --force` replaces it");
  expect(readFileSync(file, "utf8")).toBe(written);
  await home.ok("init", "simple", "--force");
  expect(readFileSync(file, "utf8")).not.toBe(written);
  home.file("package.json", '{"type":"module"}');
  expect(await home.ok("init")).toContain("ecosystem.config.cjs");
});

test("create makes an app that runs, and touches no file that is there", async () => {
  const home = testHome();
  await home.ok("create", "worker", "jobs");
  await home.ok("start", "jobs/ecosystem.config.cjs");
  await until("its first job", () => home.log("worker-out.log").includes("one job done"));
  expect((await home.xm("create", "worker", "jobs")).stderr).toContain("already exists");
  const { code, stderr } = await home.xm("create", "nonsense");
  expect(code).toBe(1);
  expect(stderr).toContain("there are http-server (");
  expect(existsSync(join(home.folder, "nonsense"))).toBe(false);
});

test("a report tells versions, the daemon and why a process is where it is, and no value of a variable", async () => {
  const home = testHome();
  expect(await home.ok("report")).toContain("not running");
  await home.run(["start", program("crashes.js"), "--name", "broken", "--max-restarts", "1"], {
    env: { API_TOKEN: "the-secret" },
  });
  await until("the end", async () => (await home.process("broken")).status === "errored");
  const report = await home.ok("report");
  expect(report).toMatch(/0 broken {2}fork, errored, 0 restart\(s\): .*code/);
  expect(report).toContain(process.version);
  expect(report).toContain(home.paths.home);
  expect(report).not.toContain("the-secret");
});

test("the machine's figures are JSON under PM2's names", async () => {
  const figures = JSON.parse(await testHome().ok("slist")) as Record<string, { value: number }>;
  for (const [name, most] of [
    ["CPU Usage", 100],
    ["RAM Usage", 100],
    ["fs:use:/", 100],
  ] as const) {
    expect(figures[name]?.value, name).toBeGreaterThanOrEqual(0);
    expect(figures[name]?.value, name).toBeLessThanOrEqual(most);
  }
  expect(figures["RAM Total"]?.value).toBeGreaterThan(figures["RAM Available"]?.value ?? Infinity);
});
