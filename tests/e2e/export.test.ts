import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { testHome, type TestHome } from "../support/home.ts";

const ecosystem = (home: TestHome): string => {
  home.file("api.cjs", "setInterval(() => {}, 1_000);");
  return home.file(
    "ecosystem.config.json",
    JSON.stringify({
      apps: [
        {
          name: "api",
          script: "api.cjs",
          args: ["--name", "a b"],
          watch: true,
          env: { PORT: 3_000, API_TOKEN: "t0p$ecret" },
          env_production: { MODE: "live" },
          depends_on: ["migrate"],
        },
        { name: "migrate", script: "api.cjs", type: "oneshot" },
      ],
    }),
  );
};

test("units of a file, in a folder: secrets are in a file for their owner only", async () => {
  const home = testHome();
  const file = ecosystem(home);
  const out = join(home.folder, "units");
  const { code, stdout, stderr } = await home.run(
    ["export", "systemd", "--file", file, "--env", "production", "-o", out],
    { env: { API_TOKEN: "t0p$ecret", FROM_SHELL: "1" } },
  );
  expect([
    code,
    stderr.includes("xm:   api: watch: nothing restarts it when a file changes"),
  ]).toEqual([0, true]);
  expect(readdirSync(out).sort()).toEqual(["api.env", "api.service", "migrate.service"]);
  expect(stdout).toBe(
    ["api.service", "api.env", "migrate.service"].map((name) => `${join(out, name)}\n`).join(""),
  );
  const mode = (name: string): number => statSync(join(out, name)).mode & 0o777;
  expect([mode("api.env"), mode("api.service")]).toEqual([0o600, 0o644]);
  expect(readFileSync(join(out, "api.env"), "utf8")).toBe('API_TOKEN="t0p\\$ecret"\n');
  const unit = readFileSync(join(out, "api.service"), "utf8");
  expect(unit).toContain(
    `ExecStart=${process.execPath} ${join(home.folder, "api.cjs")} --name "a b"\n`,
  );
  expect(unit).toContain(`\nEnvironmentFile=${join(out, "api.env")}\n`);
  expect(unit).toMatch(/^Environment=MODE=live$/m);
  expect(unit).toMatch(/^After=migrate.service\nRequires=migrate.service$/m);
  expect(unit).not.toMatch(/FROM_SHELL|t0p/);
  if (spawnSync("systemd-analyze", ["--version"]).status === 0) {
    const units = [join(out, "api.service"), join(out, "migrate.service")];
    const verified = spawnSync("systemd-analyze", ["verify", ...units], { encoding: "utf8" });
    const said = `${verified.stdout}${verified.stderr}`
      .split("\n")
      .filter((line) => line.includes(out));
    expect([said, verified.status]).toEqual([[], 0]);
  }
  // No daemon is needed, and none was started.
  expect(home.godLog()).toBe("");

  const again = await home.xm("export", "systemd", "--file", file, "-o", out);
  expect([again.code, again.stderr]).toEqual([
    1,
    expect.stringContaining("api.service already exists"),
  ]);
  // What is replaced is the name, not what a link there leads to.
  const other = home.file("other", "kept");
  spawnSync("rm", [join(out, "api.env")]);
  symlinkSync(other, join(out, "api.env"));
  await home.ok("export", "systemd", "--file", file, "-o", out, "--force");
  expect(readFileSync(other, "utf8")).toBe("kept");
  expect(mode("api.env")).toBe(0o600);
});

test("what runs is exported too, with as many processes as it has", async () => {
  const home = testHome();
  const script = home.file("worker.cjs", "setInterval(() => {}, 1_000);");
  const env = { WORKER_KIND: "fast", FROM_SHELL: "same" };
  await home.run(["start", script, "--name", "worker", "-i", "2"], { env });
  await home.ok("start", "sleep 1000", "--name", "other");
  const { stdout, stderr, code } = await home.run(["export", "k8s", "worker", "--image", "a:1"], {
    env: { FROM_SHELL: "same" },
  });
  expect(code).toBe(0);
  expect(stderr).toContain("the list does not keep which variables are an app's own");
  const { kind, spec } = parse(stdout);
  const [container] = spec.template.spec.containers;
  expect([kind, spec.replicas, container.image, container.command]).toEqual([
    "Deployment",
    2,
    "a:1",
    ["node", script],
  ]);
  expect(container.env).toEqual([{ name: "WORKER_KIND", value: "fast" }]);

  const output = join(home.folder, "compose.yaml");
  await home.ok("export", "compose", "-o", output);
  const { services } = parse(readFileSync(output, "utf8"));
  expect(Object.keys(services).sort()).toEqual(["other", "worker"]);
  expect(services.other.command.slice(-2)).toEqual(["-c", "sleep 1000"]);
  const all = parseAllDocuments(await home.ok("export", "k8s"));
  expect(all.length).toBe(2);
});

test("what cannot be is refused in words, and nothing is written", async () => {
  const home = testHome();
  const file = ecosystem(home);
  const wrong: [args: string[], said: RegExp][] = [
    [["export"], /no format named\n.*expected systemd, compose, k8s/],
    [["export", "openrc"], /no format "openrc"/],
    [["export", "systemd", "--only", "api"], /--only is about an ecosystem file/],
    [["export", "systemd", "--file", file, "nobody"], /has no app "nobody"/],
    [["export", "systemd", "--file", file, "-o", ""], /--output needs the path/],
    [
      ["export", "systemd", "--file", file, "-o", "one.service"],
      /these are 2 files: api.service, migrate.service/,
    ],
    [["export", "k8s", "--file", "nowhere.json"], /nowhere.json/],
    [["export", "k8s"], /there are no processes/],
  ];
  for (const [args, said] of wrong) {
    const { code, stderr } = await home.xm(...args);
    expect([args, code, stderr]).toEqual([args, 1, expect.stringMatching(said)]);
  }
  home.file("taken", "");
  for (const output of [
    join(home.folder, "taken"),
    "/proc/none",
    join(home.folder, "a/b/c.service"),
  ]) {
    const ran = await home.xm(
      "export",
      "systemd",
      "--file",
      file,
      "--only",
      "migrate",
      "-o",
      output,
    );
    expect([ran.code, ran.stderr]).toEqual([
      1,
      expect.stringMatching(/^xm: \S+ cannot be written: E.*\n.*name a folder/m),
    ]);
  }
});
