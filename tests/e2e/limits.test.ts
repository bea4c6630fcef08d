import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { isRoot, otherUser } from "../support/user.ts";

/** What the kernel has of a process. */
function kernelView(pid: number) {
  const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, "latin1");
  const status = (row: string): string =>
    (new RegExp(`^${row}:[^\\S\\n]*(.*)$`, "m").exec(read("status"))?.[1] ?? "").trim();
  const limit = (row: string): string =>
    read("limits")
      .split("\n")
      .find((line) => line.startsWith(row))
      ?.slice(row.length)
      .trim()
      .split(/\s+/)
      .slice(0, 2)
      .join(":") ?? "";
  return {
    command: read("cmdline").split("\0"),
    files: limit("Max open files"),
    core: limit("Max core file size"),
    nice: Number(
      read("stat")
        .replace(/^.*\) /s, "")
        .split(" ")[16],
    ),
    oom: Number(read("oom_score_adj")),
    io: execFileSync("ionice", ["-p", String(pid)], { encoding: "utf8" }).trim(),
    noNewPrivileges: status("NoNewPrivs"),
    uid: status("Uid").split(/\s+/)[1],
    groups: status("Groups"),
    effective: BigInt(`0x${status("CapEff")}`),
    bounding: BigInt(`0x${status("CapBnd")}`),
  };
}

/** The same of a Node program that runs: while it starts, it raises its soft limit of files as far as it may. */
const nodeView = (pid: number): Promise<ReturnType<typeof kernelView>> =>
  until("Node to run", () => {
    const view = kernelView(pid);
    return view.command[0]?.endsWith("node") && view.files !== "500:900" && view;
  });

const stays = "setInterval(() => {}, 1e6);";
const netBindService = 1n << 10n;

async function started(
  home: TestHome,
  fields: Record<string, unknown>,
): Promise<ReturnType<typeof kernelView>> {
  const script = home.file("stays.cjs", stays);
  const app = { name: "a", script, ready: "spawned", ...fields };
  await home.ok("start", home.file("ecosystem.config.json", JSON.stringify({ apps: [app] })));
  const { pid } = await home.process("a");
  return fields["interpreter"] === "none" ? kernelView(pid ?? 0) : nodeView(pid ?? 0);
}

const usual = {
  limits: { nofile: { soft: 500, hard: 900 }, core: "1M" },
  nice: 7,
  ionice: "best-effort:6",
  oom_score_adjust: 300,
  no_new_privileges: true,
};
const held = {
  files: "900:900",
  core: "1048576:1048576",
  nice: 7,
  oom: 300,
  io: "best-effort: prio 6",
  noNewPrivileges: "1",
};

describe("limits hold in the program itself, which is the process that was started", () => {
  test.each([
    ["fork", {}],
    ["cluster", { instances: 2 }],
  ])("%s", async (_, fields) => {
    const home = testHome();
    const seen = await started(home, { ...usual, ...fields });
    expect(seen).toMatchObject(held);
    expect(seen.command[0]).toContain("node");
    const described = await home.ok("describe", "a");
    expect(described).toMatch(/limits +nofile 500 of 900, core 1048576/);
    expect(described).toMatch(/ionice +best-effort:6/);

    // The next daemon starts it so too, and a changed file holds after a reload.
    const god = home.godPid();
    process.kill(god, "SIGKILL");
    await home.nextGod(god);
    const { pid: before } = await home.process("a");
    await home.ok("restart", "a");
    const { pid } = await home.process("a");
    expect(pid).not.toBe(before);
    expect(await nodeView(pid ?? 0)).toMatchObject(held);
    const script = home.file("stays.cjs", stays);
    const others = { ready: "spawned", nice: 9, ionice: "idle" };
    const apps = [{ name: "a", script, ...usual, ...fields, ...others }];
    await home.ok("reload", home.file("ecosystem.config.json", JSON.stringify({ apps })));
    const now = await home.process("a");
    expect(await nodeView(now.pid ?? 0)).toMatchObject({ ...held, nice: 9, io: "idle" });
  });

  test("a program that is not Node has the soft limit", async () => {
    const program = { script: "sleep", args: "1000", interpreter: "none" };
    const seen = await started(testHome(), { ...usual, ...program });
    expect(seen).toMatchObject({
      ...held,
      files: "500:900",
      command: [expect.stringMatching(/sleep$/), "1000", ""],
    });
  });

  test("an app that declares none is started as ever", async () => {
    const seen = await started(testHome(), {});
    const own = kernelView(process.pid);
    expect(seen).toMatchObject({
      files: own.files,
      oom: own.oom,
      noNewPrivileges: own.noNewPrivileges,
    });
  });
});

test.skipIf(!isRoot).each([
  ["fork", {}],
  ["cluster", { instances: 1 }],
])("%s: another user with one capability and chosen groups; root with none", async (_, fields) => {
  const home = testHome();
  const user = otherUser();
  const rights = { capabilities: ["CAP_NET_BIND_SERVICE"], supplementary_groups: ["daemon"] };
  const file = `${user.folder}/stays.cjs`;
  execFileSync("cp", [home.file("stays.cjs", stays), file]);
  const own = { uid: user.uid, cwd: user.folder, script: file };
  const seen = await started(home, { ...usual, ...fields, ...rights, ...own });
  expect(seen).toMatchObject({
    ...held,
    uid: String(user.uid),
    groups: "1",
    effective: netBindService,
    bounding: netBindService,
  });
  const none = await started(testHome(), { ...fields, capabilities: [], supplementary_groups: [] });
  expect(none).toMatchObject({ uid: "0", groups: "", effective: 0n, bounding: 0n });
});

test("what cannot be had keeps the app from starting, and says why and what would help", async () => {
  const home = testHome();
  const script = home.file("stays.cjs", stays);
  /** A daemon that may nothing: root without capabilities, or whoever runs the test. */
  const inFront = isRoot ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"] : [];
  const [program, ...words] = [...inFront, process.execPath];
  execFileSync(program, [...words, `${import.meta.dirname}/../../dist/bin/xm.cjs`, "ls"], {
    env: { ...process.env, XM_HOME: home.paths.home },
  });
  const [, most = "0"] = kernelView(home.godPid()).files.split(":");
  const refused = async (fields: Record<string, unknown>): Promise<string> => {
    const apps = [{ name: "a", script, ...fields }];
    const file = home.file("ecosystem.config.json", JSON.stringify({ apps }));
    const { code, stderr } = await home.xm("start", file);
    expect(code).toBe(1);
    await until("it to be errored", async () => (await home.process("a")).status === "errored");
    expect(await home.ok("why", "a")).toContain("cannot be set");
    await home.ok("delete", "a");
    return stderr;
  };
  expect(await refused({ limits: { nofile: Number(most) + 1 } })).toContain(
    `limits.nofile ${Number(most) + 1} cannot be set: the daemon's own hard limit is ${most}; raise that`,
  );
  expect(await refused({ limits: { nofile: "unlimited" }, instances: 2 })).toContain(
    "LimitNOFILE=",
  );
  expect(await refused({ nice: -5 })).toContain("CAP_SYS_NICE");
  expect(await refused({ oom_score_adjust: -900 })).toContain("CAP_SYS_RESOURCE");
  expect(await refused({ ionice: "realtime" })).toContain("ionice realtime cannot be set");
  expect(await refused({ capabilities: ["net_admin"] })).toContain("capability net_admin cannot");
  expect(await refused({ capabilities: [] })).toContain("the daemon may not drop any");
  expect(await refused({ supplementary_groups: ["daemon"] })).toContain("may not set groups");
});

test("a program that is not there is not the fault of what comes before it", async () => {
  const home = testHome();
  const script = home.file("stays.sh", "#!/bin/sh\nexec sleep 1000\n");
  const apps = [{ name: "a", script, interpreter: "none", nice: 5 }];
  await home.ok("start", home.file("ecosystem.config.json", JSON.stringify({ apps })));
  rmSync(script);
  const { code, stderr } = await home.xm("restart", "a");
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining(`${script} does not exist or is not`),
  ]);
});

/** What an app finds; a line of JSON in its log. */
const looks = `
const fs = require("node:fs");
const attempt = (work) => { try { return work(); } catch (error) { return error.code; } };
console.log(JSON.stringify({
  tmp: fs.readdirSync("/tmp").filter((name) => name.startsWith("xm-seen")),
  write: attempt(() => fs.writeFileSync("/tmp/xm-of-app", "1")),
  own: attempt(() => fs.writeFileSync(process.env.LOCKED + "/x", "1")),
  beside: attempt(() => fs.writeFileSync(process.env.LOCKED + "-not/x", "1")),
  uid: process.getuid(),
  caps: /^CapEff:\\s*(\\w+)/m.exec(fs.readFileSync("/proc/self/status", "utf8"))[1],
  argv: process.argv.slice(2),
}));
process.on("message", () => {});
process.send("ready");
setInterval(() => {}, 1e6);
`;

describe("mounts of an app's own", () => {
  const found = (home: TestHome, log: string): Promise<Record<string, unknown>> =>
    until("what it found", () => {
      const line = /^\{.*\}$/m.exec(home.log(log))?.[0];
      return line !== undefined && (JSON.parse(line) as Record<string, unknown>);
    });

  const prepared = (home: TestHome): Record<string, unknown> => {
    home.file("looks.cjs", looks);
    const locked = join(home.folder, "locked");
    for (const folder of [locked, `${locked}-not`]) mkdirSync(folder, { mode: 0o777 });
    for (const folder of [home.folder, locked, `${locked}-not`]) chmodSync(folder, 0o777);
    const seen = mkdtempSync("/tmp/xm-seen-");
    onTestFinished(() => rmSync(seen, { recursive: true, force: true }));
    return {
      name: "a",
      script: "looks.cjs",
      args: ["a b", "$HOME", ";"],
      env: { LOCKED: locked },
      wait_ready: true,
      private_tmp: true,
      read_only_paths: ["locked"],
    };
  };

  test.runIf(isRoot)("root gives them, with another user's rights in the end", async () => {
    const home = testHome();
    const { uid, name } = otherUser();
    const app = { ...prepared(home), uid: name, limits: { nofile: 4096 } };
    await home.ok("start", home.file("ecosystem.config.json", JSON.stringify({ apps: [app] })));
    expect(await found(home, "a-out.log")).toEqual({
      tmp: [],
      own: "EROFS",
      uid,
      caps: "0000000000000000",
      argv: ["a b", "$HOME", ";"],
    });
    const { pid, readiness } = await home.process("a");
    expect([readiness, kernelView(pid ?? 0).files]).toEqual(["ready", "4096:4096"]);
    expect(existsSync("/tmp/xm-of-app")).toBe(false);
  });

  test.runIf(isRoot)("workers share those of their balancer", async () => {
    const home = testHome();
    const app = { ...prepared(home), exec_mode: "cluster", instances: 2 };
    await home.ok("start", home.file("ecosystem.config.json", JSON.stringify({ apps: [app] })));
    expect(await found(home, "a-out-1.log")).toMatchObject({
      tmp: [],
      own: "EROFS",
      argv: ["a b", "$HOME", ";"],
    });
  });

  test("what cannot be is named, with the reason", async () => {
    const home = testHome();
    const app = { name: "a", script: "sleep 1000", read_only_paths: ["nowhere"] };
    const { code, stderr } = await home.xm(
      "start",
      home.file("e.config.json", JSON.stringify({ apps: [app] })),
    );
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/read_only_paths \S*nowhere cannot be set: it does not exist/),
    ]);
  });
});
