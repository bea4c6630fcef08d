import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { isRoot, otherUser, type OtherUser } from "../support/user.ts";

/*
 * A daemon of root that runs an app as another user, and that user as an attacker: what root's daemon opens, makes, empties
 * and removes for the app is no way to root's files.
 */
const asRoot = test.skipIf(!isRoot);

/** A home, another user, and a file of root's that must stay as it is. */
function setUp(): { home: TestHome; user: OtherUser; secret: string; intact: () => void } {
  const home = testHome();
  const user = otherUser();
  const secret = home.file("sudoers.conf", "root ALL\n");
  chmodSync(secret, 0o600);
  return {
    home,
    user,
    secret,
    intact: () => {
      expect(readFileSync(secret, "utf8")).toBe("root ALL\n");
      expect(statSync(secret).uid).toBe(0);
    },
  };
}

/** A program of the other user's that writes a line and stays. */
function putProgram(
  { folder, uid, gid }: OtherUser,
  text = 'console.log("line", process.pid); setInterval(() => {}, 1e6);',
): string {
  const file = join(folder, "server.js");
  writeFileSync(file, text, { mode: 0o755 });
  chownSync(file, uid, gid);
  return file;
}

asRoot(
  "log and pid files in the user's own folder are the user's, with the caller's umask",
  async () => {
    const { home, user } = setUp();
    const script = putProgram(user);
    const [out, pid] = [join(user.folder, "logs/out.log"), join(user.folder, "server.pid")];
    await home.run([
      "start",
      script,
      "--uid",
      user.name,
      "-o",
      out,
      "-e",
      "/dev/null",
      "--pid",
      pid,
      "--umask",
      "027",
    ]);
    await until("its line", () => existsSync(out) && readFileSync(out, "utf8").startsWith("line"));
    expect(statSync(out)).toMatchObject({ uid: user.uid, gid: user.gid });
    expect(statSync(out).mode & 0o777).toBe(0o640);
    expect(statSync(join(user.folder, "logs")).uid).toBe(user.uid);
    const pidFile = readdirSync(user.folder).find(
      (name) => name.startsWith("server") && name.endsWith(".pid"),
    );
    expect(statSync(join(user.folder, pidFile ?? "")).uid).toBe(user.uid);
  },
);

type Plant = (path: string, secret: string) => void;

const plants: readonly (readonly [string, Plant])[] = [
  ["a symbolic link", (path, secret) => symlinkSync(secret, path)],
  ["a link to what is not there", (path, secret) => symlinkSync(`${secret}.d`, path)],
  ["a hard link", (path, secret) => linkSync(secret, path)],
  ["a pipe", (path) => void execFileSync("mkfifo", [path])],
  ["a folder", (path) => mkdirSync(path)],
  ["a device", (path) => void execFileSync("mknod", [path, "c", "1", "8"])],
];

asRoot.each(plants)(
  "%s in place of a log file, of a lane's too, or of a pid file is refused by name",
  async (what, plant) => {
    const { home, user, secret, intact } = setUp();
    const script = putProgram(user);
    const names = [
      "plain.log",
      "lane.log",
      "both.log",
      "app.pid",
      ...Array.from({ length: 5 }, (_each, id) => `app-${id}.pid`),
    ];
    for (const name of names) plant(join(user.folder, name), secret);
    const at = (name: string): string => join(user.folder, name);
    const declared = [
      ["plain", ["-o", at("plain.log")]],
      ["lane", ["--time", "-o", at("lane.log")]],
      ["both", ["-l", at("both.log")]],
    ] as const;
    for (const [name, flags] of declared) {
      const started = await home.xm("start", script, "-n", name, "--uid", user.name, ...flags);
      expect(started.stdout + started.stderr).toContain(at(`${name}.log`));
      expect(started.code).not.toBe(0);
    }
    // It runs without its pid file, which is told.
    await home.ok("start", script, "-n", "app", "--uid", user.name, "--pid", at("app.pid"));
    expect(home.godLog()).toContain("pid file");
    await home.xm("flush");
    await home.xm("reloadLogs");
    await home.ok("delete", "all");
    intact();
    for (const name of names) expect(existsSync(at(name)) || what.includes("not there")).toBe(true);
    expect(existsSync(`${secret}.d`)).toBe(false);
  },
);

asRoot("what is planted while it runs is not written to, emptied, or brought back", async () => {
  const { home, user, secret, intact } = setUp();
  const script = putProgram(user);
  const out = join(user.folder, "out.log");
  const lane = join(user.folder, "lane.log");
  await home.ok("start", script, "-n", "plain", "--uid", user.name, "-o", out);
  await home.ok("start", script, "-n", "lane", "--uid", user.name, "--time", "-o", lane);
  await until("the lines", () => existsSync(lane) && readFileSync(lane, "utf8").includes("line"));
  for (const path of [out, lane]) {
    rmSync(path);
    symlinkSync(secret, path);
  }
  expect((await home.xm("flush")).stderr).toContain("is a symbolic link");
  await home.xm("reloadLogs");
  await home.xm("restart", "all");
  intact();
  for (const path of [out, lane]) rmSync(path, { force: true });
  await home.ok("restart", "all");
  await until("lines again", () =>
    [out, lane].every((path) => existsSync(path) && readFileSync(path, "utf8").includes("line")),
  );
});

asRoot(
  "reloadLogs copies and moves nothing that an app has put in its own descriptors (default log places)",
  async () => {
    const { home, user, secret, intact } = setUp();
    const x = join(user.folder, "x");
    const script = join(user.folder, "reopen.py");
    writeFileSync(
      script,
      `import os, time
f = open(${JSON.stringify(x)}, "w+")
f.write("${user.name} ALL=(ALL) NOPASSWD: ALL\\n")
f.flush()
os.dup2(f.fileno(), 1)
os.symlink(${JSON.stringify(secret)}, ${JSON.stringify(`${x}.copying`)})
open(${JSON.stringify(join(user.folder, "ready"))}, "w").close()
time.sleep(1000)
`,
    );
    await home.ok(
      "start",
      script,
      "--interpreter",
      "/usr/bin/python3",
      "--uid",
      user.name,
      "--cwd",
      user.folder,
    );
    await until("the trap", () => existsSync(join(user.folder, "ready")));
    await home.xm("reloadLogs");
    intact();
    expect(readFileSync(x, "utf8")).toContain("NOPASSWD");
    expect(
      readdirSync(home.paths.logs).map((name) => statSync(join(home.paths.logs, name)).uid),
    ).not.toContain(user.uid);
  },
);

asRoot("a folder that is swapped for a link between two lives leads nowhere", async () => {
  const { home, user, intact } = setUp();
  const script = putProgram(user);
  const folder = join(user.folder, "log");
  await home.ok("start", script, "--uid", user.name, "-n", "web", "-o", join(folder, "out.log"));
  await until("its line", () => existsSync(join(folder, "out.log")));
  const target = join(home.folder, "etc");
  mkdirSync(target);
  renameSync(folder, `${folder}.old`);
  symlinkSync(target, folder);
  await home.xm("restart", "web");
  await home.xm("flush", "web");
  await home.xm("reloadLogs");
  expect(readdirSync(target)).toEqual([]);
  intact();
});

asRoot("rotated files of another user's app are the user's, and lead nowhere else", async () => {
  const { home, user, secret, intact } = setUp();
  const script = putProgram(user);
  const log = join(user.folder, "app.log");
  const flags = ["--uid", String(user.uid), "--gid", String(user.gid), "-o", log, "--merge-logs"];
  await home.ok("start", script, "--name", "app", ...flags, "--log-max-size", "1G");
  await until("a line", () => existsSync(log) && statSync(log).size > 0);
  const to = (await home.ok("rotate", "app")).trim().split("\n").at(-1) ?? "";
  expect(to).toMatch(/app__.*\.log$/);
  await until("compression", () => existsSync(`${to}.gz`), { withinMs: 30_000 });
  expect(statSync(`${to}.gz`)).toMatchObject({ uid: user.uid, gid: user.gid });
  expect(statSync(log)).toMatchObject({ uid: user.uid, size: 0 });
  await home.ok("stop", "app");
  // The user puts links where the log, and a rotated file, were.
  rmSync(log);
  symlinkSync(secret, log);
  linkSync(secret, join(user.folder, "app__2020-01-01_00-00-00.log"));
  const { code, stderr } = await home.xm("rotate", "app");
  expect(code).toBe(1);
  expect(stderr).toContain(`${log} is not rotated`);
  intact();
  expect(readdirSync(user.folder).filter((name) => name.startsWith("."))).toEqual([]);
});
