import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

test("shutdown_with_message asks by a message, and no signal is sent", async () => {
  const home = testHome();
  const script = home.file(
    "asks.cjs",
    'process.on("message", (m) => { console.log("message", m); process.exit(5); }); process.on("SIGINT", () => console.log("SIGINT")); console.log("up");',
  );
  await home.ok("start", script, "--name", "m", "--shutdown-with-message");
  await until("it to be up", () => home.log("m-out.log").includes("up"));

  await home.ok("stop", "m");

  expect(home.log("m-out.log")).toBe("up\nmessage shutdown\n");
  expect((await home.process("m")).lastExit).toMatchObject({ code: 5, signal: null });
});

test("kill_signal is the one signal that asks it to end", async () => {
  const home = testHome();
  const script = home.file(
    "term.cjs",
    'process.on("SIGTERM", () => { console.log("SIGTERM"); process.exit(0); }); console.log("up"); setInterval(() => {}, 1e9);',
  );
  await home.ok("start", script, "--name", "t", "--kill-signal", "SIGTERM");
  await until("it to be up", () => home.log("t-out.log").includes("up"));
  await home.ok("stop", "t");
  expect(home.log("t-out.log")).toBe("up\nSIGTERM\n");
});

test("a stop during a grace period is answered, and does not make it longer", async () => {
  const home = testHome();
  await home.ok("start", program("ignores-sigint.js"), "--name", "i", "--kill-timeout", "1000");
  await until("it to be up", () => home.log("i-out.log").includes("up"));
  const begin = Date.now();
  const [first, second] = await Promise.all([home.xm("stop", "i"), home.xm("stop", "i")]);
  expect([first.code, second.code]).toEqual([0, 0]);
  expect(Date.now() - begin).toBeLessThan(3_000);
  expect(home.log("i-out.log").match(/SIGINT/g)).toHaveLength(1);
});

test("a memory limit restarts an app, and why names the limit", async () => {
  const home = testHome({ env: { PM2_WORKER_INTERVAL: "200" } });
  const script = home.file(
    "eats.cjs",
    'globalThis.kept = Buffer.alloc(process.argv[2] === "x" ? 0 : 80e6, 1); console.log("up"); setInterval(() => {}, 1e9);',
  );
  await home.ok("start", script, "--name", "e", "--max-memory-restart", "60M");
  const decision = await until("a decision", async () => (await home.process("e")).decision);
  expect(decision).toContain("the memory limit of 60 MB");
});

test("a watched file restarts an app, and why names the file", async () => {
  const home = testHome();
  const folder = join(home.folder, "app");
  mkdirSync(folder);
  const script = home.file("app/watched.cjs", 'console.log("up"); setInterval(() => {}, 1e9);');
  await home.ok("start", script, "--name", "w", "--watch", "--cwd", folder);
  await until("it to be up", () => home.log("w-out.log").includes("up"));
  home.file("app/.hidden", "");
  home.file("app/data.txt", "");
  const decision = await until("a decision", async () => (await home.process("w")).decision);
  expect(decision).toContain("a change of data.txt asked for a restart");
});

test("a job that ends is run again by its cron pattern", async () => {
  const home = testHome();
  const script = home.file("job.cjs", 'console.log("ran");');
  await home.ok(
    "start",
    script,
    "--name",
    "j",
    "--no-autorestart",
    "--cron-restart",
    "* * * * * *",
  );
  await until("the third run", () => home.log("j-out.log").split("ran").length > 3);
  await home.ok("stop", "j");
  expect((await home.process("j")).status).toBe("stopped");
});
