import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testFolder } from "../support/folder.ts";
import { testHome, type Ran, type TestHome } from "../support/home.ts";
import { startLoad } from "../support/load.ts";
import { freePort } from "../support/ports.ts";
import { hasSshd, startSshd, type SshAccess, type TestHost } from "../support/sshd.ts";

/** A server that answers with its version; a broken one does not come up. */
const server = (version: string): string =>
  version === "broken"
    ? 'throw new Error("this build is broken");\n'
    : `require("node:http").createServer((_, response) => response.end("${version}")).listen(Number(process.env.PORT), "127.0.0.1");\n`;

interface Fleet {
  readonly hosts: readonly (TestHost & { readonly port: number })[];
  readonly access: SshAccess;
  /** Commits a version of the app to what is deployed, and gives the commit. */
  readonly commit: (version: string) => string;
  readonly git: (...words: string[]) => string;
  readonly repo: string;
  /** Writes the file with the block and calls `xm deploy`. */
  readonly deploy: (block: Record<string, unknown>, ...words: string[]) => Promise<Ran>;
  readonly here: TestHome;
}

const usual = { path: "~/app", "post-deploy": "xm startOrReload ecosystem.config.cjs" };

/** Hosts, and a repository with an app; nothing is deployed. */
async function fleet(count: number): Promise<Fleet> {
  const { path: folder } = testFolder();
  const here = testHome();
  const hosts = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const userHome = join(folder, `user${index}`);
      mkdirSync(userHome);
      const address = `127.0.0.${index + 1}`;
      return { address, home: testHome(), userHome, port: await freePort() };
    }),
  );
  const access = await startSshd(
    join(folder, "ssh"),
    hosts.map((host) => ({ ...host, variables: { PORT: host.port } })),
  );
  const repo = join(folder, "it's a repo");
  mkdirSync(repo);
  const git = (...words: string[]): string =>
    execFileSync("git", ["-C", repo, "-c", "user.name=n", "-c", "user.email=e", ...words], {
      encoding: "utf8",
    }).trim();
  git("init", "--quiet", "--initial-branch=main");
  const apps = [{ name: "web", script: "app.cjs", instances: 2, exec_mode: "cluster" }];
  writeFileSync(
    join(repo, "ecosystem.config.cjs"),
    `module.exports = { apps: ${JSON.stringify(apps)} };\n`,
  );
  const commit = (version: string): string => {
    writeFileSync(join(repo, "app.cjs"), server(version));
    git("add", ".");
    git("commit", "--quiet", "-m", version);
    return git("rev-parse", "HEAD");
  };
  const deploy: Fleet["deploy"] = (block, ...words) => {
    const base = { ...access, host: hosts.map(({ address }) => address), ref: "origin/main", repo };
    const deploys = { production: { ...base, ...usual, ...block } };
    const file = here.file("ecosystem.config.json", JSON.stringify({ deploy: deploys }));
    return here.run(["deploy", file, ...words]);
  };
  return { hosts, access, commit, git, repo, deploy, here };
}

const answer = async (port: number): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })).text();

const answers = ({ hosts }: Fleet): Promise<string[]> =>
  Promise.all(hosts.map(({ port }) => answer(port)));

const pids = async ({ home }: TestHost): Promise<(number | null)[]> =>
  (await home.list()).map(({ pid }) => pid);

async function done(ran: Promise<Ran>): Promise<string> {
  const { code, stdout, stderr } = await ran;
  expect(code, `${stdout}${stderr}`).toBe(0);
  return stdout;
}

describe.runIf(hasSshd())("over ssh", () => {
  test("a broken build on the canary of three hosts: it goes back, the others are not touched, all serve", async () => {
    const three = await fleet(3);
    const [canary, ...others] = three.hosts;
    if (canary === undefined) throw new Error("no hosts");
    const v1 = three.commit("v1");
    await done(three.deploy({}, "production", "setup"));
    await done(three.deploy({}, "production"));
    await until("all to serve", async () => (await answers(three)).join() === "v1,v1,v1");
    const before = await Promise.all(others.map(pids));

    three.commit("broken");
    const loads = three.hosts.map(({ port }) =>
      startLoad({ port, connections: 2, keepAlive: false }),
    );
    const ran = await three.deploy({}, "production", "--canary");
    const results = await Promise.all(loads.map((load) => load.stop()));
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain(`127.0.0.1: failed, went back to ${v1.slice(0, 7)}`);
    expect(ran.stdout).toContain("127.0.0.2: not touched");
    expect(ran.stdout).toContain("127.0.0.3: not touched");
    expect(ran.stdout).toContain("this build is broken");
    expect(ran.stderr).toContain("1 of 3 hosts: 127.0.0.1: the post-deploy hook ended with 1");
    for (const { failed, answers: given, done: count } of results) {
      expect([failed, Object.keys(given), count > 0]).toEqual([0, ["v1"], true]);
    }
    expect(await Promise.all(others.map(pids))).toEqual(before);
    for (const { userHome } of three.hosts) {
      expect(readFileSync(join(userHome, "app/.deploys"), "utf8")).toBe(`${v1}\n`);
      expect(readFileSync(join(userHome, "app/current/app.cjs"), "utf8")).toBe(server("v1"));
    }

    const v2 = three.commit("v2");
    const told = await done(three.deploy({}, "production", "--canary", "--parallel", "1"));
    expect(told).toContain(`127.0.0.3: went from ${v1.slice(0, 7)} to ${v2.slice(0, 7)}`);
    expect(await answers(three)).toEqual(["v2", "v2", "v2"]);
  }, 300_000);

  test("PM2's commands and hooks; Node is where the profile does not say; values are words, not code", async () => {
    const one = await fleet(1);
    const [host] = one.hosts;
    if (host === undefined) throw new Error("no host");
    const v1 = one.commit("v1");
    const trap = join(host.userHome, "trap");
    const block = {
      path: `~/a $(touch ${trap}) 'b';c`,
      env: { PLAIN: "1 2", TRAP: `'; touch ${trap}; '`, COUNT: 3, LIST: ["a"] },
      "pre-setup": 'echo "pre-setup $PWD"',
      "post-setup": 'echo "post-setup $(ls app.cjs) $SHARED"',
      "pre-deploy-local": 'echo "here $PLAIN"',
      "pre-deploy": 'echo "pre-deploy $PLAIN $COUNT $LIST"',
      "post-deploy": 'node -p "process.env.TRAP.length" && command -v xm',
    };
    const root = join(host.userHome, block.path.slice(2));
    const setup = await done(one.deploy(block, "production", "setup"));
    expect(setup).toContain(`pre-setup ${host.userHome}\n`);
    expect(setup).toContain(`post-setup app.cjs ${root}/shared\n`);
    expect(await done(one.deploy(block, "production", "setup"))).toContain("it is already set up");
    expect(existsSync(join(root, "shared/pids"))).toBe(true);

    const first = await done(one.deploy(block, "production"));
    expect(first).toContain("here 1 2\n");
    expect(first).toContain('pre-deploy 1 2 3 ["a"]\n');
    expect(first).toContain(`\n${block.env.TRAP.length}\n`);
    expect(first).toContain("/.nvm/versions/node/v22.1.0/bin/xm\n");
    expect(existsSync(trap)).toBe(false);

    one.git("tag", "v1");
    const v2 = one.commit("v2");
    await done(one.deploy(block, "production", "update"));
    const read = (...words: string[]): Promise<string> =>
      done(one.deploy(block, "production", ...words));
    const head = "--> Deploying to production environment\n--> on host 127.0.0.1\n";
    expect(await read("list")).toBe(`${head}0\t${v2}\n1\t${v1}\n--> Success\n`);
    expect(await read("curr")).toBe(`${head}${v2.slice(0, 7)}\n--> Success\n`);
    expect(await read("prev")).toBe(`${head}${v1}\n--> Success\n`);
    expect(await read("exec", "pwd; cat app.cjs")).toBe(
      `${head}${root}/source\n${server("v2")}--> Success\n`.replace("/source", "/current"),
    );
    expect(await read("revert", "1")).toContain(`went from ${v2.slice(0, 7)} to ${v1.slice(0, 7)}`);
    await read("update");
    expect(await read("v1")).toContain(`to ${v1.slice(0, 7)}`);
    expect(await read("list")).toContain(`0\t${v1}\n1\t${v2}\n2\t${v1}\n`);
    one.git("branch", "side", v2);
    expect(await read("side")).toContain(`to ${v2.slice(0, 7)}`);

    const failing = async (words: string[], more: object = {}): Promise<string> => {
      const ran = await one.deploy({ ...block, ...more }, "production", ...words);
      expect(ran.code).toBe(1);
      return ran.stderr;
    };
    expect(await failing(["nowhere"])).toContain("no branch, tag or commit nowhere");
    expect(await failing(["revert", "99"])).toContain("there is no deployment 99 before this one");
    expect(await failing([], { "pre-deploy": "exit 3" })).toContain("the pre-deploy hook failed");
    expect(await failing(["curr"], { path: "elsewhere" })).toContain("run `setup` first");
    expect(await failing([], { "pre-deploy-local": "exit 4" })).toContain("hook ended with 4");
    expect(await failing(["curr"], { port: 1 })).toContain("the connection failed: ");
    expect(existsSync(trap)).toBe(false);
  }, 300_000);

  test("--no-revert leaves what failed; --dry-run does nothing", async () => {
    const one = await fleet(1);
    one.commit("v1");
    const plan = await done(one.deploy({}, "production", "setup", "--dry-run"));
    expect(plan).toContain("git clone");
    expect(plan).toContain("'root@127.0.0.1'".replace("root", one.access.user));
    expect(existsSync(join(one.hosts[0]?.userHome ?? "", "app"))).toBe(false);
    await done(one.deploy({ fetch: "fast" }, "production", "setup"));
    await done(one.deploy({ fetch: "fast" }, "production"));
    const broken = one.commit("broken");
    const ran = await one.deploy({ fetch: "fast" }, "production", "--no-revert");
    expect([ran.code, ran.stdout]).toEqual([1, expect.stringContaining("127.0.0.1: failed\n")]);
    const list = await done(one.deploy({}, "production", "list"));
    expect(list).toContain(`0\t${broken}\n`);
    expect(await answers(one)).toEqual(["v1"]);
  }, 300_000);
});

test("what could be taken for a flag, and what is missing, is refused before anything is run", async () => {
  const home = testHome();
  const refused = async (block: unknown, ...words: string[]): Promise<string> => {
    const file = home.file("ecosystem.config.json", JSON.stringify({ deploy: { x: block } }));
    const ran = await home.run(["deploy", file, ...words], { env: { PATH: "/nowhere" } });
    expect([ran.code, ran.stdout]).toEqual([1, ""]);
    return ran.stderr;
  };
  const fine = { host: "h", repo: "r", path: "/p" };
  const flag = 'expected a text that does not begin with "-"';
  for (const field of ["user", "key", "ref", "repo", "path"])
    expect(await refused({ ...fine, [field]: "-oProxyCommand=x" }, "x")).toContain(
      `deploy.x.${field}: ${flag}`,
    );
  expect(await refused({ ...fine, host: ["h", "-G"] }, "x")).toContain("deploy.x.host: expected");
  expect(await refused({ ...fine, host: "a b" }, "x")).toContain('"a b" contains a space');
  expect(await refused({ ...fine, ssh_options: ["-F x"] }, "x")).toContain("deploy.x.ssh_options");
  expect(await refused({ ...fine, port: "22 -x" }, "x")).toContain("expected a number");
  expect(await refused({ ...fine, env: { "A;B": "1" } }, "x")).toContain(
    "is not a valid variable name",
  );
  expect(await refused({ host: "h" }, "x")).toMatch(
    /x\.repo: it is missing[^]*x\.path: it is missing/,
  );
  expect(await refused(fine, "y")).toContain("y environment is not defined in");
  expect(await refused(fine, "x", "ref", "--", "-f")).toContain(
    '"-f" is not a branch, tag or commit',
  );
  expect(await refused(fine, "x", "revert", "x")).toContain("expected a number of 1 or more");
  expect(await refused(fine, "x", "exec")).toContain("no command named");
});

test("changes that are not committed or pushed keep a deployment from happening, unless --force", async () => {
  const home = testHome();
  const git = (...words: string[]): void =>
    void execFileSync("git", ["-c", "user.name=n", "-c", "user.email=e", ...words], {
      cwd: home.folder,
    });
  git("init", "--quiet", "--bare", "there");
  git("init", "--quiet", "--initial-branch=main", ".");
  const deploy = { x: { host: "h", repo: "r", path: "/p", "pre-deploy-local": "exit 9" } };
  home.file("ecosystem.config.json", JSON.stringify({ deploy }));
  const called = (...more: string[]): Promise<Ran> => home.run(["deploy", "x", ...more]);
  git("add", "ecosystem.config.json");
  expect((await called()).stderr).toContain("commit your staged changes before deploying");
  git("commit", "--quiet", "-m", "one");
  git("remote", "add", "origin", "there");
  git("push", "--quiet", "-u", "origin", "main");
  expect((await called()).stderr).toContain("the pre-deploy-local hook ended with 9");
  home.file("ecosystem.config.json", JSON.stringify({ deploy, apps: [] }));
  expect((await called()).stderr).toContain("commit or stash your changes before deploying");
  git("commit", "--quiet", "-am", "two");
  expect((await called()).stderr).toContain("push your changes before deploying");
  expect((await called("--force")).stderr).toContain("the pre-deploy-local hook ended with 9");
});
