import { execFileSync } from "node:child_process";
import { chownSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { isRoot, otherUser, type OtherUser } from "../support/user.ts";

/*
 * What root's daemon, or root's command line, runs for an app of another user: what that user can write decides what it does, so
 * it has that user's rights.
 */
const asRoot = test.skipIf(!isRoot);

/** A file of the other user's. */
function put({ folder, uid, gid }: OtherUser, name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text, { mode: 0o755 });
  chownSync(file, uid, gid);
  return file;
}

const idle = "setInterval(() => {}, 1e6);";

asRoot.each([
  ["readiness", { ready: { command: "./check.sh" } }],
  ["a startup probe", { startup_probe: { exec: { command: "./check.sh" }, period: 100 } }],
  ["a probe under limits", { ready: { command: "./check.sh" }, limits: { nofile: 512 } }],
])("the command of %s is run as the app's user", async (_what, fields) => {
  const home = testHome();
  const user = otherUser();
  put(user, "check.sh", `#!/bin/sh\nid -u > asked.new && mv asked.new asked\n`);
  const app = { name: "web", script: put(user, "web.js", idle), cwd: user.folder, uid: user.name };
  const file = home.file(
    "ecosystem.config.json",
    JSON.stringify({ apps: [{ ...app, ...fields }] }),
  );
  await home.ok("start", file);
  const asked = join(user.folder, "asked");
  await until("the question", () => existsSync(asked));
  expect(readFileSync(asked, "utf8").trim()).toBe(String(user.uid));
});

asRoot(
  "what an app's variables have a loader do is done by the app, and by no tool in front of it",
  async () => {
    const home = testHome();
    // With groups of its own it is started by a tool; so it is under limits.
    const user = otherUser(["adm"]);
    const env = { LD_DEBUG: "libs", LD_DEBUG_OUTPUT: join(user.folder, "loader"), PLAIN: "a b" };
    const script = put(
      user,
      "web.js",
      `require("node:fs").writeFileSync(process.argv[2], process.env.PLAIN + process.env.LD_DEBUG); ${idle}`,
    );
    const apps = [{}, { limits: { nofile: 512 }, nice: 1 }].map((fields, n) => ({
      name: `web${n}`,
      script,
      cwd: user.folder,
      uid: user.name,
      env,
      args: [join(user.folder, `ran${n}`)],
      ...fields,
    }));
    await home.ok("start", home.file("ecosystem.config.json", JSON.stringify({ apps })));
    const ran = ["ran0", "ran1"].map((name) => join(user.folder, name));
    await until("both apps", () =>
      ran.every((each) => existsSync(each) && readFileSync(each, "utf8") === "a blibs"),
    );
    const written = readdirSync(user.folder).filter((name) => name.startsWith("loader."));
    expect(written.length).toBeGreaterThan(0);
    for (const name of written) expect(statSync(join(user.folder, name)).uid).toBe(user.uid);
  },
);

asRoot(
  "a pull of another user's repository runs its hooks and its commands as that user",
  async () => {
    const home = testHome();
    const user = otherUser();
    const asThem = {
      uid: user.uid,
      gid: user.gid,
      cwd: user.folder,
      env: { PATH: process.env["PATH"], HOME: user.folder },
    };
    const git = (folder: string, ...words: string[]): void =>
      void execFileSync(
        "git",
        ["-C", folder, "-c", "user.name=n", "-c", "user.email=e", ...words],
        { ...asThem, stdio: "ignore" },
      );
    const [origin, work] = ["origin", "work"].map((name) => join(user.folder, name)) as [
      string,
      string,
    ];
    git(user.folder, "init", "--quiet", "origin");
    const commit = (text: string): void => {
      execFileSync("/bin/sh", ["-c", `echo '${idle} // ${text}' > ${origin}/web.js`], asThem);
      git(origin, "add", ".");
      git(origin, "commit", "-m", text);
    };
    commit("one");
    git(user.folder, "clone", "--quiet", "origin", "work");
    const trap = put(
      user,
      "trap.sh",
      `#!/bin/sh\nid -u >> ${user.folder}/trapped; echo "$ROOTS_OWN" >> ${user.folder}/told\n`,
    );
    git(work, "config", "core.fsmonitor", trap);
    const app = {
      name: "web",
      script: join(work, "web.js"),
      cwd: work,
      uid: user.name,
      post_update: [trap],
    };
    await home.ok("start", home.file("ecosystem.config.json", JSON.stringify({ apps: [app] })));
    commit("two");
    const pulled = await home.run(["pull", "web"], { env: { ROOTS_OWN: "secret" } });
    expect(pulled).toMatchObject({ code: 0 });
    const linesOf = (name: string): string[] => [
      ...new Set(readFileSync(join(user.folder, name), "utf8").trim().split("\n")),
    ];
    expect(linesOf("trapped")).toEqual([String(user.uid)]);
    expect(linesOf("told")).toEqual([""]);
    expect(readFileSync(join(work, "web.js"), "utf8")).toContain("two");
  },
);

asRoot("a home of PM2 that another user can write is not taken over by root", async () => {
  const home = testHome();
  const user = otherUser();
  const list = [
    { name: "trap", pm_exec_path: put(user, "trap.js", idle), pm_cwd: user.folder, env: {} },
  ];
  put(user, "dump.pm2", JSON.stringify(list));
  const { code, stderr } = await home.xm("migrate", user.folder);
  expect(code).toBe(1);
  expect(stderr).toContain(`${user.folder} belongs to ${user.name}`);
  expect(await home.ok("jlist")).toBe("[]\n");
});
