import { chmodSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, testHome } from "../support/home.ts";
import { freePort } from "../support/ports.ts";
import { childrenOf, textOf } from "../support/procfs.ts";
import { program } from "../support/programs.ts";
import {
  hasNamespaces,
  removeContainer,
  runtimeFile,
  startContainer,
  type Container,
  type ContainerOptions,
} from "../support/container.ts";

/** Programs of the containers: each tells when it is set up, and what it hears. */
const stays = `console.log("up", process.pid); setInterval(() => {}, 1000);`;
const hears = (code: number) => `
  for (const signal of ["SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2"]) process.on(signal, () => {
    console.log("heard", signal);
    if (/TERM|INT/.test(signal)) process.exit(${code});
  });
  ${stays}`;
const ignores = `process.on("SIGTERM", () => console.log("no")); process.on("SIGINT", () => console.log("no")); ${stays}`;
const once = ["--no-autorestart"] as const;

interface Case extends Omit<ContainerOptions, "args"> {
  readonly rule: string;
  readonly args: readonly string[];
  /** What is done when its output has `up`; nothing when it ends by itself. */
  readonly does?: (container: Container) => unknown;
  readonly code: number;
  readonly out?: RegExp;
  readonly err?: RegExp;
}

const term = (container: Container): void => container.signal("SIGTERM");
const significant = {
  "ecosystem.config.js": `module.exports = { apps: [
    { name: "side", script: "side.js", autorestart: false },
    { name: "main", script: "main.js", autorestart: false },
  ] };`,
};

const cases: readonly Case[] = [
  {
    rule: "an app that ends well ends the container with 0",
    files: { "a.js": "" },
    args: ["a.js", ...once],
    code: 0,
  },
  {
    rule: "an app's exit code is the container's",
    files: { "a.js": "process.exit(7)" },
    args: ["a.js", ...once],
    code: 7,
  },
  {
    rule: "an app that is killed is 128 and the signal's number",
    files: { "a.js": `process.kill(process.pid, "SIGKILL"); ${stays}` },
    args: ["a.js", ...once],
    code: 137,
  },
  {
    rule: "so is one that crashes by a signal of its own",
    files: { "a.sh": "kill -SEGV $$" },
    args: ["a.sh", ...once],
    code: 139,
  },
  {
    rule: "an app that is given up ends it with its last code",
    files: { "a.js": "process.exit(3)" },
    args: ["a.js", "--max-restarts", "2"],
    code: 3,
    err: /given up/,
  },
  {
    rule: "one that ends well again and again is given up, and that is no success",
    files: { "a.js": "" },
    args: ["a.js", "--max-restarts", "2"],
    code: 1,
  },
  {
    rule: "a script that is not there is said, and is 1",
    args: ["missing.js"],
    code: 1,
    err: /script not found/,
  },
  {
    rule: "a flag that nobody knows is said, and is 1",
    args: ["--exit-policy", "never", "a.js"],
    code: 1,
    err: /all-stopped, any, significant/,
  },
  {
    rule: "SIGTERM reaches the app, whose code counts",
    files: { "a.js": hears(0) },
    args: ["a.js"],
    does: term,
    code: 0,
    out: /heard SIGTERM\n$/,
  },
  {
    rule: "and so does its failure",
    files: { "a.js": hears(5) },
    args: ["a.js"],
    does: term,
    code: 5,
  },
  {
    rule: "an app without a handler ends by it: 143",
    files: { "a.js": stays },
    args: ["a.js"],
    does: term,
    code: 143,
  },
  {
    rule: "SIGINT stops in the same order",
    files: { "a.js": hears(6) },
    args: ["a.js"],
    does: (each) => each.signal("SIGINT"),
    code: 6,
  },
  {
    rule: "called by PM2's name it sends PM2's signal",
    name: "pm2-runtime",
    files: { "a.js": hears(4) },
    args: ["start", "a.js"],
    does: term,
    code: 4,
    out: /heard SIGINT\n$/,
  },
  {
    rule: "the app's own kill_signal is left as it is",
    files: { "a.js": hears(4) },
    args: ["a.js", "--kill-signal", "SIGINT"],
    does: term,
    code: 4,
    out: /heard SIGINT\n$/,
  },
  {
    rule: "who does not end within kill_timeout is killed: 137",
    files: { "a.js": ignores },
    args: ["a.js", "--kill-timeout", "300"],
    does: term,
    code: 137,
  },
  {
    rule: "no kill_timeout is longer than --stop-grace",
    files: { "a.js": ignores },
    args: ["a.js", "--kill-timeout", "60s", "--stop-grace", "400ms"],
    does: term,
    code: 137,
    err: /longer than --stop-grace/,
  },
  {
    rule: "any: the first that ends decides, and the others are stopped",
    files: {
      "side.js": hears(0),
      "main.js": "setTimeout(() => process.exit(4), 300)",
      ...significant,
    },
    args: ["ecosystem.config.js", "--exit-policy", "any"],
    code: 4,
    out: /heard SIGTERM/,
  },
  {
    rule: "significant: only the named ones decide",
    files: {
      "side.js": "process.exit(9)",
      "main.js": "setTimeout(() => process.exit(2), 300)",
      ...significant,
    },
    args: ["ecosystem.config.js", "--significant", "main"],
    code: 2,
  },
  {
    rule: "all-stopped: a failure is not hidden by what ends well after it",
    files: { "side.js": "process.exit(6)", "main.js": "setTimeout(() => {}, 400)", ...significant },
    args: ["ecosystem.config.js"],
    code: 6,
  },
  {
    rule: "--no-auto-exit: it stays until it is told to end",
    files: { "a.js": `console.log("up")` },
    args: ["a.js", ...once, "--no-auto-exit"],
    does: async (each) => {
      await until("the app's end", async () => (await each.client.list())[0]?.status === "stopped");
      each.signal("SIGTERM");
    },
    code: 0,
  },
  {
    rule: "--exec leaves the command alone, its code too",
    args: ["--exec", "sh", "-c", "echo up $$; exit 9"],
    code: 9,
    out: /^up 1\n$/,
  },
  {
    rule: "a cluster writes to the container's output, too",
    files: {
      "a.js": `require("node:http").createServer().listen(0, "127.0.0.1"); console.error("bad"); ${stays}`,
    },
    args: ["a.js", "-i", "2"],
    does: async (each) => {
      await each.says(/up \d+\n(.*\n)*up \d+\n/);
      each.signal("SIGTERM");
    },
    code: 143,
    err: /bad\n/,
  },
];

describe.skipIf(!hasNamespaces)("xm-runtime as process 1 of a container", () => {
  test.concurrent.each(cases)("$rule", async ({ does, code, out, err, ...options }) => {
    const container = startContainer(options);
    try {
      if (does !== undefined) {
        await container.says("up");
        await does(container);
      }
      expect(await container.code, container.err()).toBe(code);
      if (out !== undefined) expect(container.out()).toMatch(out);
      if (err !== undefined) expect(container.err()).toMatch(err);
      expect(container.err()).not.toMatch(/ended unexpectedly|bug in Ex Machina/);
    } finally {
      removeContainer(container);
    }
  });
});

describe.skipIf(!hasNamespaces)("the first process", () => {
  /** Each orphan is a grandchild whose parent ends before it. */
  const orphans = (each: number) => `
    const { spawn } = require("node:child_process");
    let left = 20;
    for (let n = 0; n < 20; n += 1) spawn("sh", ["-c", "i=0; while [ $i -lt ${each} ]; do (true &) ; i=$((i+1)); done"])
      .on("exit", () => { left -= 1; if (left === 0) console.log("up"); });
    setInterval(() => {}, 1000);`;

  test.each([
    ["sh", 1_000],
    ["bash", 100],
  ])("leaves no orphan a zombie: %s, %d of them", async (shell, count) => {
    const files = { "a.js": orphans(count / 20) };
    const container = startContainer({ files, args: ["a.js"], shell });
    try {
      await container.says("up");
      await until("every orphan to be gone", () => zombiesOf(container.pid()) === 0, {
        saw: () => zombiesOf(container.pid()),
      });
      container.signal("SIGTERM");
      expect(await container.code).toBe(143);
    } finally {
      removeContainer(container);
    }
  });

  test("starts a daemon again that was killed, and the app runs on", async () => {
    const container = startContainer({ files: { "a.js": hears(3) }, args: ["a.js"] });
    try {
      await container.says("up");
      const [before] = await container.client.list();
      const isGod = (pid: number): boolean => textOf(`/proc/${pid}/cmdline`).includes("God Daemon");
      const god = await until("the daemon", () => childrenOf(container.pid()).find(isGod));
      process.kill(god, "SIGKILL");
      const [after] = await until("the next daemon", () => container.client.list());
      expect([after?.pid, after?.restarts]).toEqual([before?.pid, 0]);
      container.signal("SIGTERM");
      expect(await container.code, container.err()).toBe(3);
      expect(container.err()).toContain("starting it again");
    } finally {
      removeContainer(container);
    }
  });

  test("SIGHUP reloads, USR2 goes to the apps when that is asked for, USR1 opens no debugger", async () => {
    const args = ["a.js", "--forward", "USR2"];
    const container = startContainer({ files: { "a.js": hears(0) }, args });
    try {
      await container.says("up");
      container.signal("SIGUSR1");
      container.signal("SIGUSR2");
      await container.says("heard SIGUSR2");
      const [before] = await container.client.list();
      container.signal("SIGHUP");
      await container.says(/up \d+\n(.*\n)*up \d+\n/);
      await until("another pid", async () => {
        const [now] = await container.client.list();
        return now?.status === "online" && now.pid !== before?.pid && now.reload === null;
      });
      container.signal("SIGTERM");
      expect(await container.code).toBe(0);
      expect(container.out()).not.toContain("heard SIGUSR1");
      expect(container.err()).not.toContain("Debugger");
    } finally {
      removeContainer(container);
    }
  });
});

describe.skipIf(!hasNamespaces)("what a container lacks", () => {
  test("a read-only root, a user without a name and no HOME are no hindrance", async () => {
    const build = mkdtempSync(join(tmpdir(), "xmb-"));
    const folder = mkdtempSync(join(tmpdir(), "xmc-"));
    cpSync(join(runtimeFile, ".."), build, { recursive: true });
    for (const each of [build, folder]) chmodSync(each, 0o755);
    const asNobody =
      process.getuid?.() === 0 ? "setpriv --reuid 54321 --regid 54321 --clear-groups" : "";
    const container = startContainer({
      folder,
      program: join(build, "xm-runtime.cjs"),
      files: { "a.js": hears(3) },
      args: ["a.js"],
      isBare: true,
      before: `mount -o remount,bind,ro / && exec ${asNobody} "$@"`,
    });
    try {
      await container.says("up");
      container.signal("SIGTERM");
      expect(await container.code, container.err()).toBe(3);
      expect(container.err()).toMatch(/the daemon's files are in \/(tmp|dev\/shm|run)\/xm-\d+;/);
    } finally {
      removeContainer(container);
      rmSync(build, { recursive: true, force: true });
      // A file system of its own, which was not read-only there.
      rmSync("/dev/shm/xm-54321", { recursive: true, force: true });
    }
  });

  test("without a shell Node is process 1, and says what that costs", async () => {
    const container = startContainer({
      files: { "a.js": hears(3) },
      args: ["a.js"],
      shell: "node",
    });
    try {
      await container.says("up");
      container.signal("SIGTERM");
      expect(await container.code).toBe(3);
      expect(container.err()).toContain("Node is process 1 here");
    } finally {
      removeContainer(container);
    }
  });
});

describe.skipIf(!hasNamespaces)("its output and its probes", () => {
  test.each([
    [
      "--json",
      /^\{"message":"up \d+","timestamp":"[^"]+","type":"out","process_id":0,"app_name":"a"\}\n/,
    ],
    ["--format", /^timestamp=\d{4}-\d\d-\d\d-\S+ app=a id=0 type=out message=up \d+\n/],
    ["--formatted", /^0\|a \| up \d+\n/],
  ])("%s changes each line", async (flag, line) => {
    const container = startContainer({ files: { "a.js": hears(0) }, args: ["a.js", flag] });
    try {
      await container.says(line);
      container.signal("SIGTERM");
      expect(await container.code, container.err()).toBe(0);
      await container.says("heard SIGTERM");
    } finally {
      removeContainer(container);
    }
  });

  test("--probes tells startup, readiness and life apart", async () => {
    const port = await freePort();
    const webPort = await freePort();
    const args = [
      "a.js",
      "--wait-ready",
      "--listen-timeout",
      "60s",
      "--probes",
      `127.0.0.1:${port}`,
    ];
    const ready = `process.on("SIGUSR2", () => process.send("ready")); ${stays}`;
    const container = startContainer({
      files: { "a.js": ready },
      args: [...args, "--forward", "USR2", "--web", `127.0.0.1:${webPort}`],
    });
    const ask = async (path: string): Promise<[number, string]> => {
      const answer = await fetch(`http://127.0.0.1:${port}/${path}`);
      return [answer.status, (await answer.text()).trim()];
    };
    try {
      await container.says("up");
      expect(await ask("readyz")).toEqual([503, "a (0) is starting"]);
      expect((await ask("startupz"))[0]).toBe(503);
      expect(await ask("livez")).toEqual([200, "ok"]);
      container.signal("SIGUSR2");
      await until("its readiness", async () => (await ask("readyz"))[0] === 200);
      expect(await ask("startupz")).toEqual([200, "ok"]);
      const web = await fetch(`http://127.0.0.1:${webPort}/`).then((answer) => answer.json());
      expect(web).toMatchObject({ processes: [{ name: "a" }] });
      await fetch(`http://127.0.0.1:${port}/other`).then(({ status }) => expect(status).toBe(404));
    } finally {
      container.signal("SIGTERM");
      await container.code;
      removeContainer(container);
    }
  });
});

describe.skipIf(!hasNamespaces)("its home", () => {
  test("a second run in the same home begins with what its command says", async () => {
    const files = { "a.js": hears(0), "b.js": hears(0) };
    const first = startContainer({ files, args: ["a.js"] });
    await first.says("up");
    first.signal("SIGTERM");
    await first.code;
    const second = startContainer({ folder: first.folder, args: ["b.js"] });
    try {
      await second.says("up");
      expect((await second.client.list()).map(({ name }) => name)).toEqual(["b"]);
      second.signal("SIGTERM");
      expect(await second.code).toBe(0);
    } finally {
      removeContainer(second);
    }
  });

  test("the home of a daemon that `xm start` has started is left alone", async () => {
    const home = testHome();
    await home.ok("start", program("stays.js"), "--name", "kept");
    const god = home.godPid();
    process.kill(god, "SIGTERM");
    await until("the daemon's end", () => !isThere(god));
    const container = startContainer({
      files: { "a.js": stays },
      args: ["a.js"],
      env: { XM_HOME: home.paths.home },
    });
    try {
      expect(await container.code).toBe(1);
      expect(container.err()).toContain("it holds the list of a daemon");
      expect((await home.process("kept")).status).toBe("online");
    } finally {
      removeContainer(container);
    }
  });
});

/** Among all that are below a process. */
function zombiesOf(pid: number): number {
  const below = childrenOf(pid).map(zombiesOf);
  const isOne = /^State:\tZ/m.test(textOf(`/proc/${pid}/status`));
  return below.reduce((sum, each) => sum + each, isOne ? 1 : 0);
}
