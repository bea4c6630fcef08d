import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, xmFile, type TestHome } from "../support/home.ts";
import { installPm2, pm2Program } from "../support/pm2.ts";

/*
 * Walks docs/how-to/move-from-pm2.md: its commands run as they stand there, in a shell whose `xm` and `pm2` are the built one and
 * PM2 itself, with a HOME of their own.
 */

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/how-to/move-from-pm2.md"), "utf8");

/** Each command of the page, and what is run for it. */
const walked: Readonly<Record<string, string>> = {
  "alias pm2=xm": "alias pm2=xm",
  "pm2 save": "pm2 save",
  "xm migrate": "xm migrate",
  "xm migrate [PM2_HOME]": 'xm migrate "$HOME/.pm2"',
  "xm migrate --take-over": "xm migrate --take-over",
  "xm kill": "xm kill",
  "pm2 resurrect": "pm2 resurrect",
  "pm2 kill": "pm2 kill",
  "xm start ecosystem.config.js": "xm start ecosystem.config.js",
  "xm resurrect": "xm resurrect",
  "xm daemon restart": "xm daemon restart",
  'eval "$(xm completion bash)"': 'eval "$(xm completion bash)"',
  "source <(xm completion zsh)": "source <(xm completion zsh)",
  "xm completion fish | source": "xm completion fish | source",
  // Without a change to the machine.
  "xm startup": "xm startup systemd --print",
  "xm-runtime": "xm-runtime job.config.js",
  "xm dev": "xm dev web.js",
  "xm deploy": "xm deploy deploy.config.js production --dry-run",
  "xm install": "xm install pm2-logrotate",
  "xm install pm2-logrotate": "xm install pm2-logrotate",
};

/** What is only named: PM2's word for it. */
const named = [
  "xm",
  "pm2",
  "pm2 startup",
  "pm2-runtime",
  "pm2-dev",
  "pm2 deploy",
  "pm2 install",
  "pm2-logrotate",
];

const commandOf = (line: string): string => {
  const command = walked[line];
  if (command === undefined) throw new Error(`the page has no ${line}`);
  return command;
};

test("every command of the page is walked, and no other", () => {
  const inline = [...page.matchAll(/`((?:xm|pm2|eval|source|alias)\b[^`]*)`/g)].map(
    ([, word = ""]) => word,
  );
  const blocks = [...page.matchAll(/^ {7}(\S.*)$/gm)].map(([, line = ""]) => line);
  const all = new Set([...inline, ...blocks].filter((each) => !named.includes(each)));
  expect([...all].sort()).toEqual(Object.keys(walked).sort());
});

beforeAll(installPm2);

interface Shell {
  readonly home: TestHome;
  readonly bin: string;
  readonly env: NodeJS.ProcessEnv;
  /** Runs lines in bash; fails with their output unless they succeed. */
  readonly ok: (lines: string, env?: NodeJS.ProcessEnv) => string;
  readonly run: (
    lines: string,
    env?: NodeJS.ProcessEnv,
  ) => { status: number | null; stdout: string; stderr: string };
  readonly pm2List: () => { name: string; pid: number; status: string }[];
}

function shell(): Shell {
  const home = testHome();
  const bin = join(home.folder, "bin");
  mkdirSync(bin);
  const link = (name: string, text: string): void =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  link("xm", `exec "${process.execPath}" "${xmFile}" "$@"`);
  link("xm-runtime", `exec "${join(root, "dist/bin/xm-runtime.cjs")}" "$@"`);
  link(
    "pm2",
    `unset XM_HOME\nexport PM2_DISCRETE_MODE=true\nexec "${process.execPath}" "${pm2Program}" "$@"`,
  );
  const { PM2_HOME: _, ...caller } = process.env;
  const env = {
    ...caller,
    HOME: home.folder,
    XM_HOME: home.paths.home,
    PATH: `${bin}:${process.env["PATH"]}`,
  };
  const run: Shell["run"] = (lines, more = {}) =>
    spawnSync("bash", ["-O", "expand_aliases", "-c", lines], {
      cwd: home.folder,
      env: { ...env, ...more },
      encoding: "utf8",
      timeout: 90_000,
    });
  const ok: Shell["ok"] = (lines, more) => {
    const { status, stdout, stderr } = run(lines, more);
    if (status !== 0) throw new Error(`${lines}: ${status}\n${stdout}${stderr}`);
    return stdout;
  };
  onTestFinished(() => void run("pm2 kill"));
  home.file(
    "web.js",
    "console.log(process.argv.slice(2), process.env.KIND); setInterval(() => {}, 1e6);",
  );
  home.file(
    "ecosystem.config.js",
    'module.exports = { apps: [{ name: "web", script: "web.js", args: "a b", env: { KIND: "mine" }, out_file: "web.log" }, { name: "idle", script: "web.js" }, { name: "lost", script: "gone.js" }] };',
  );
  home.file("gone.js", "setInterval(() => {}, 1e6);");
  return {
    home,
    bin,
    env,
    ok,
    run,
    pm2List: () =>
      (
        JSON.parse(
          ok("pm2 jlist")
            .split("\n")
            .find((line) => line.startsWith("[")) ?? "[]",
        ) as { name: string; pid: number; pm2_env: { status: string } }[]
      ).map(({ name, pid, pm2_env: { status } }) => ({ name, pid, status })),
  };
}

const statuses = async (home: TestHome): Promise<string[]> =>
  (await home.list()).map(({ name, status }) => `${name} ${status}`).sort();

test("2: the list of a PM2 that runs is declared, taken over, and taken back", async () => {
  const { home, ok, run, pm2List } = shell();
  ok(`${commandOf("alias pm2=xm")}\npm2 start web.js --name aliased\npm2 delete aliased`);
  expect(existsSync(join(home.folder, ".pm2"))).toBe(false);

  ok(`pm2 start ecosystem.config.js\npm2 stop idle\n${commandOf("pm2 save")}`);
  const dump = join(home.folder, ".pm2/dump.pm2");
  copyFileSync(dump, join(home.folder, "copy"));
  rmSync(join(home.folder, "gone.js"));
  mkdirSync(join(home.folder, ".pm2/modules"), { recursive: true });
  home.file(".pm2/modules/package.json", '{"dependencies":{"pm2-other":"1"}}');
  const before = pm2List().find(({ name }) => name === "web");
  const { stdout, stderr } = run(commandOf("xm migrate"));
  expect(`${stdout}${stderr}`).toMatch(/lost[^]*gone\.js/);
  expect(`${stdout}${stderr}`).toMatch(/module pm2-other.*xm install pm2-other/);
  expect(await statuses(home)).toEqual(["idle stopped", "web stopped"]);
  expect(pm2List().find(({ name }) => name === "web")).toEqual(before);

  run(commandOf("xm migrate --take-over"));
  expect(existsSync(`/proc/${before?.pid}`)).toBe(false);
  expect(await statuses(home)).toEqual(["idle stopped", "web online"]);
  // The same arguments, variables and log file.
  const line = "[ 'a', 'b' ] mine";
  const log = (): string[] =>
    readFileSync(join(home.folder, "web.log"), "utf8")
      .split("\n")
      .filter((each) => each === line);
  await until("its line", () => log().length === 2, { saw: log });

  ok(commandOf("xm kill"));
  copyFileSync(join(home.folder, "copy"), dump);
  ok(commandOf("pm2 resurrect"));
  await until("PM2's apps", () =>
    pm2List().some(({ name, status }) => name === "web" && status === "online"),
  );

  home.file("gone.js", "setInterval(() => {}, 1e6);");
  ok(`${commandOf("pm2 kill")}\n${commandOf("xm start ecosystem.config.js")}`);
  expect(await statuses(home)).toEqual(["idle online", "lost online", "web online"]);
}, 240_000);

test("2: the list of a PM2 that does not run is started; what is declared already is left alone", async () => {
  const { home, ok } = shell();
  ok("pm2 start ecosystem.config.js\npm2 stop idle\npm2 save");
  copyFileSync(join(home.folder, ".pm2/dump.pm2"), join(home.folder, "copy"));
  ok("pm2 kill");
  copyFileSync(join(home.folder, "copy"), join(home.folder, ".pm2/dump.pm2"));
  ok(commandOf("xm migrate"));
  expect(await statuses(home)).toEqual(["idle stopped", "lost online", "web online"]);
  const pids = (await home.list()).map(({ pid }) => pid);
  ok(commandOf("xm migrate [PM2_HOME]"));
  expect((await home.list()).map(({ pid }) => pid)).toEqual(pids);
  expect(readFileSync(join(home.folder, ".pm2/dump.pm2"), "utf8")).toBe(
    readFileSync(join(home.folder, "copy"), "utf8"),
  );

  // 4: nothing is saved before an upgrade.
  const god = home.godPid();
  ok(commandOf("xm daemon restart"));
  expect(home.godPid()).not.toBe(god);
  expect((await home.list()).map(({ pid }) => pid)).toEqual(pids);
}, 240_000);

test("2: in a home of PM2's, what PM2 has saved is resurrected", async () => {
  const { home, ok, run } = shell();
  const folder = join(home.folder, "both");
  const env = { PM2_HOME: folder, XM_HOME: "" };
  onTestFinished(() => void run("xm kill", env));
  ok(
    "pm2 start ecosystem.config.js --only web\npm2 save\ncp both/dump.pm2 copy\npm2 kill\ncp copy both/dump.pm2",
    env,
  );
  ok(commandOf("xm resurrect"), env);
  expect(JSON.parse(ok("xm jlist", env))).toMatchObject([
    { name: "web", pm2_env: { status: "online" } },
  ]);
}, 240_000);

test("3: warnings and errors of a file", async () => {
  const { home, run } = shell();
  const start = (apps: readonly object[]) => {
    home.file("ecosystem.config.js", `module.exports = ${JSON.stringify({ apps })}`);
    return run("xm start ecosystem.config.js");
  };
  const typo = start([{ name: "a", script: "web.js", max_restart: 3 }]);
  expect([typo.status, typo.stderr]).toEqual([
    0,
    expect.stringContaining('did you mean "max_restarts"? It is ignored'),
  ]);
  const wrong = start([
    { name: "b", script: "web.js", kill_timeout: "soon" },
    { name: "c", script: "web.js", instances: {} },
  ]);
  expect([wrong.status, wrong.stderr]).toEqual([
    1,
    expect.stringMatching(/apps\[0\]\.kill_timeout[^]*apps\[1\]\.instances/),
  ]);
  expect(await statuses(home)).toEqual(["a online"]);
  const missing = start([
    { name: "d", script: "nowhere.js" },
    { name: "e", script: "web.js" },
  ]);
  expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining("nowhere.js")]);
  expect(await statuses(home)).toEqual(["a online", "e online"]);
}, 120_000);

test("5, 6 and the rest: completion, programs, and what replaces PM2's other commands", async () => {
  const { home, ok, env } = shell();
  expect(ok(`${commandOf('eval "$(xm completion bash)"')}\ncomplete -p xm`)).toContain("xm");
  const has = (name: string): boolean => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
  const script = (name: string): string => join(home.folder, name);
  if (has("zsh"))
    ok(
      `zsh -f -c 'autoload -U compinit; compinit -u -D\n${commandOf("source <(xm completion zsh)")}\nwhence -w "$_comps[xm]"'`,
    );
  if (has("fish"))
    ok(
      `fish -N -c '${commandOf("xm completion fish | source")}; complete -c xm | string match -q "*xm*"'`,
    );

  mkdirSync(script("node_modules"));
  symlinkSync(root, script("node_modules/exmachina"));
  home.file(
    "program.js",
    'const pm2 = require("exmachina"); pm2.connect((error) => { if (error) throw error; pm2.start({ name: "p", script: "web.js" }, (failure, apps) => { if (failure) throw failure; console.log(apps[0].pm2_env.name, apps[0].pm2_env.status); pm2.disconnect(); }); });',
  );
  expect(ok(`"${process.execPath}" program.js`)).toBe("p online\n");

  expect(ok(commandOf("xm startup"))).toContain("[Service]");
  home.file("job.js", 'console.log("done"); process.exit(3);');
  home.file(
    "job.config.js",
    'module.exports = { apps: [{ name: "job", script: "job.js", autorestart: false }] };',
  );
  const runtime = spawnSync("bash", ["-c", commandOf("xm-runtime")], {
    cwd: home.folder,
    env: { ...env, XM_HOME: script("runtime") },
    encoding: "utf8",
    timeout: 60_000,
  });
  expect([runtime.status, runtime.stdout]).toEqual([3, expect.stringContaining("done")]);
  home.file(
    "deploy.config.js",
    'module.exports = { apps: [], deploy: { production: { user: "deploy", host: "127.0.0.1", ref: "origin/main", repo: "/srv/repo.git", path: "/srv/app" } } };',
  );
  expect(ok(commandOf("xm deploy"))).toContain("deploy@127.0.0.1");
  expect(ok(commandOf("xm install pm2-logrotate"))).toContain("log rotation is built in");

  const dev = spawn("bash", ["-c", `exec ${commandOf("xm dev")}`], {
    cwd: home.folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => dev.once("exit", resolve));
  let output = "";
  for (const stream of [dev.stdout, dev.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  await until("a line of the app", () => output.includes("[] undefined"), {
    withinMs: 20_000,
    saw: () => output,
  });
  dev.kill("SIGINT");
  await ended;
}, 240_000);
