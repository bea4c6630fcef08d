import { copyFileSync, chmodSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, processesOf, testHome, type TestHome } from "../support/home.ts";
import { freePort } from "../support/ports.ts";
import { isRoot, otherUser } from "../support/user.ts";

const fixture = join(import.meta.dirname, "../fixtures/cluster/hostile.cjs");

const balancersOf = ({ paths }: TestHome): number[] =>
  processesOf(paths.home)
    .filter(({ command }) => command.startsWith("xm balancer: web"))
    .map(({ pid }) => pid);

const declare = (home: TestHome, app: Record<string, unknown>): string =>
  home.file("ecosystem.json", JSON.stringify({ apps: [{ name: "web", ...app }] }));

const ask = async (port: number, path: string): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(15_000) })).text();

test.runIf(isRoot)(
  "the balancer of another user's app has that user's rights, and its worker gets nothing more by it",
  async () => {
    const { name, uid, folder } = otherUser();
    const home = testHome();
    const port = await freePort();
    const script = join(folder, "web.cjs");
    copyFileSync(fixture, script);
    chmodSync(script, 0o644);
    const out = join(folder, "web.out.log");
    const env = { PORT: port };
    const app = { script, instances: 2, uid: name, cwd: folder, env, out_file: out };
    await home.ok("start", declare(home, app));
    const [balancer = 0] = balancersOf(home);
    expect(statSync(`/proc/${balancer}`).uid).toBe(uid);
    const pids = (await home.list()).map(({ pid }) => pid ?? 0);
    expect(pids.map((pid) => statSync(`/proc/${pid}`).uid)).toEqual([uid, uid]);
    // Its own files it has opened itself.
    const logs = readdirSync(folder).filter((file) => file.startsWith("web.out"));
    expect(logs.length).toBeGreaterThan(0);
    expect(logs.filter((file) => statSync(join(folder, file)).uid !== uid)).toEqual([]);

    const plants = ["/etc/xm-planted.sock", join(home.paths.balancers, "9.sock")];
    for (const plant of plants) {
      expect(await ask(port, `/?at=${encodeURIComponent(plant)}`)).toMatch(/^errno -/);
      expect(existsSync(plant)).toBe(false);
    }

    const god = home.godPid();
    process.kill(god, "SIGKILL");
    await home.nextGod(god);
    expect((await home.list()).map(({ pid }) => pid)).toEqual(pids);
    expect(balancersOf(home)).toEqual([balancer]);
    await home.ok("reload", "web");
    expect(balancersOf(home)).toEqual([balancer]);
    await home.ok("delete", "web");
    await until("its balancer to be gone", () => !isThere(balancer));
  },
);

test.runIf(isRoot)("what another user's worker writes is in its log in the home", async () => {
  const { name, folder } = otherUser();
  const home = testHome();
  const script = join(folder, "says.cjs");
  copyFileSync(home.file("says.cjs", "console.log('a line'); setInterval(() => {}, 1e6);"), script);
  chmodSync(script, 0o644);
  const app = { script, instances: 1, exec_mode: "cluster", uid: name, cwd: folder };
  await home.ok("start", declare(home, { ...app, listen_timeout: 300, merge_logs: true }));
  await until("the line", () => home.log("web-out.log") === "a line\n");
});

const modes: Record<string, (script: string) => readonly string[]> = {
  "an app": (script) => [script],
  "a worker": (script) => [script, "-i", "1"],
  "a program that a shell starts": (script) => [
    `exec 9</dev/null; ${process.execPath} ${script}; true`,
  ],
};

test.runIf(isRoot).each(Object.keys(modes))(
  "%s of another user has that user's groups, and no descriptor of the daemon's",
  async (mode) => {
    const { name, uid, gid, folder } = otherUser(["adm"]);
    const home = testHome();
    const script = join(folder, "tells.cjs");
    const told = join(folder, "told.json");
    copyFileSync(home.file("tells.cjs", tells), script);
    chmodSync(script, 0o644);
    const run = modes[mode]?.(script) ?? [];
    await home.ok(
      "start",
      ...run,
      "--name",
      "web",
      "--uid",
      name,
      "--cwd",
      folder,
      "--ready",
      "spawned",
    );
    await until("it to tell", () => existsSync(told));
    const { ids, groups, files } = JSON.parse(readFileSync(told, "utf8")) as Told;
    const adm = Number(/^adm:[^:]*:(\d+):/m.exec(readFileSync("/etc/group", "utf8"))?.[1]);
    expect(ids).toEqual([uid, uid, gid, gid]);
    expect(groups.toSorted((a, b) => a - b)).toEqual([adm, gid].toSorted((a, b) => a - b));
    const ofHome = files.filter((file) => file.startsWith(home.paths.home));
    const own = [home.paths.logs, home.paths.stdin].map((path) => `${path}/`);
    expect(ofHome.filter((file) => !own.some((path) => file.startsWith(path)))).toEqual([]);
    expect(ofHome.filter((file) => file.startsWith(own[0] ?? ""))).toHaveLength(2);
    // A connection of its own to the daemon or its balancer, besides what Node has opened.
    expect(files.filter((file) => file.startsWith("socket:")).length).toBeLessThanOrEqual(1);
    expect(files.filter((file) => /^\/(?!dev\/(null|shm\/)|proc\/)/.test(file))).toEqual(ofHome);
  },
);

interface Told {
  readonly ids: readonly number[];
  readonly groups: readonly number[];
  /** What each descriptor is, as /proc names it. */
  readonly files: readonly string[];
}

const tells = `
const fs = require("node:fs");
const files = fs.readdirSync("/proc/self/fd").flatMap((fd) => {
  try { return [fs.readlinkSync("/proc/self/fd/" + fd)]; } catch { return []; }
});
const ids = [process.getuid(), process.geteuid(), process.getgid(), process.getegid()];
fs.writeFileSync("told.new", JSON.stringify({ ids, groups: process.getgroups(), files }));
fs.renameSync("told.new", "told.json");
setInterval(() => {}, 1e6);
`;

test.each([
  ["a line that is no JSON", "this is no json\n"],
  ["a message of the preload's that is null", '{"cmd":"NODE_XM","message":null}\n'],
  ["an acknowledgement of nothing", '{"cmd":"NODE_HANDLE_ACK"}\n'],
  ["a refusal of nothing", '{"cmd":"NODE_HANDLE_NACK"}\n'],
  ["an answer of node:cluster to nothing", '{"cmd":"NODE_CLUSTER","act":"queryServer"}\n'],
  ["a connection that is none", '{"cmd":"NODE_XM","message":{"type":"give"}}\n'],
])("a worker that writes garbage to its channel ends alone: %s", async (_, garbage) => {
  const home = testHome();
  const port = await freePort();
  const app = { script: fixture, instances: 2, env: { PORT: port, GARBAGE: garbage.repeat(3) } };
  await home.ok("start", declare(home, app));
  const before = (await home.list()).map(({ pid }) => pid ?? 0);
  const balancers = balancersOf(home);
  const god = home.godPid();
  await ask(port, "/garbage");
  // What the worker had accepted is answered or cut off, never left open.
  const next = await ask(port, "/").catch(({ name }: Error) => name);
  expect(next).not.toBe("TimeoutError");
  await until("the answers of a worker", async () => Number(await ask(port, "/")) > 0);
  const pids = await until("both to run", async () => {
    const list = await home.list();
    return list.every(({ status }) => status === "online") && list.map(({ pid }) => pid ?? 0);
  });
  expect(before.filter((pid) => pids.includes(pid)).length).toBeGreaterThanOrEqual(1);
  expect([balancersOf(home), home.godPid()]).toEqual([balancers, god]);
});
