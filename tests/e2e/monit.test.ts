import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, xmFile, type TestHome } from "../support/home.ts";

const hasTmux = ["/usr/bin/tmux", "/usr/local/bin/tmux", "/bin/tmux"].some((path) =>
  existsSync(path),
);

/** A terminal of tmux with `xm monit` in it. */
function terminal(home: TestHome, { width = 80, height = 24, env = {} } = {}) {
  const socket = join(home.folder, "tmux.sock");
  const tmux = (...args: string[]): string =>
    execFileSync("tmux", ["-S", socket, "-f", "/dev/null", ...args], { encoding: "utf8" });
  const variables = Object.entries({ XM_HOME: home.paths.home, ...env }).flatMap(
    ([name, value]) => ["-e", `${name}=${value}`],
  );
  const command = `${process.execPath} ${xmFile} monit; echo "ended $?"; exec sleep 1000`;
  tmux(
    "new-session",
    "-d",
    "-s",
    "m",
    "-x",
    String(width),
    "-y",
    String(height),
    ...variables,
    command,
  );
  onTestFinished(() => void tmux("kill-server"));
  return {
    screen: () => tmux("capture-pane", "-p", "-t", "m"),
    colours: () => tmux("capture-pane", "-p", "-e", "-t", "m"),
    keys: (...keys: string[]) => void tmux("send-keys", "-t", "m", ...keys),
    resize: (x: number, y: number) =>
      void tmux("resize-window", "-t", "m", "-x", String(x), "-y", String(y)),
  };
}

const ticks = `let n = 0; setInterval(() => console.log("tick " + ++n), 100);`;

test.skipIf(!hasTmux)(
  "the screen shows processes and logs, filters, acts when it is confirmed, and survives the daemon's death",
  async () => {
    const home = testHome();
    await home.ok("start", home.file("ticks.js", ticks), "--name", "ticks");
    await home.ok("start", home.file("idle.js", "setInterval(() => {}, 1e6);"), "--name", "idle");
    const shown = terminal(home);
    const see = (what: RegExp): Promise<unknown> =>
      until(String(what), () => what.test(shown.screen()), { saw: shown.screen, withinMs: 30_000 });
    await see(/> +1 +idle +online/);
    await see(/0 +ticks +online/);
    shown.keys("Down");
    await see(/ticks \(0\) logs/);
    await see(/tick \d+/);
    shown.keys("/");
    shown.keys("-l", "idle");
    await see(/\/idle/);
    await until("no ticks", () => !/ticks +online/.test(shown.screen()), { saw: shown.screen });
    shown.keys("Enter");
    shown.keys("s");
    await see(/stop idle \(1\)\? y\/n/);
    shown.keys("n");
    shown.keys("s");
    await see(/\? y\/n/);
    shown.keys("y");
    await see(/idle +stopped/);
    shown.keys("Escape");
    await see(/ticks +online/);
    const god = home.godPid();
    process.kill(god, "SIGKILL");
    await home.nextGod(god);
    await home.ok("restart", "ticks");
    await see(/ticks +online.*↺1/);
    shown.keys("?");
    await see(/any key/);
    shown.keys("x");
    shown.resize(20, 8);
    await until(
      "a small screen",
      () => shown.screen().trimEnd().split("\n").length <= 8 && /ticks/.test(shown.screen()),
      { saw: shown.screen },
    );
    shown.keys("q");
    await see(/ended 0/);
  },
  120_000,
);

test.skipIf(!hasTmux)("a small terminal and NO_COLOR are respected", async () => {
  const home = testHome();
  await home.ok(
    "start",
    home.file(
      "big.js",
      `console.log("x".repeat(1e6)); console.log("日本語"); setInterval(() => {}, 1e6);`,
    ),
    "--name",
    "big",
  );
  const shown = terminal(home, { width: 20, height: 8, env: { NO_COLOR: "1" } });
  await until("the process", () => /> +0 big/.test(shown.screen()), {
    saw: shown.screen,
    withinMs: 30_000,
  });
  await until("its logs", () => shown.screen().includes("日本語"), {
    saw: shown.screen,
    withinMs: 30_000,
  });
  // oxlint-disable-next-line no-control-regex -- no colour is set
  expect(shown.colours()).not.toMatch(/\u001B\[[\d;]*3[1-7]/);
  expect(
    shown
      .screen()
      .split("\n")
      .every((line) => Array.from(line).length <= 20),
  ).toBe(true);
  shown.keys("C-c");
  await until("its end", () => /ended 0/.test(shown.screen()), { saw: shown.screen });
});

test("without a terminal it says what does the same, and a list is watched in lines", async () => {
  const home = testHome();
  const { code, stderr } = await home.xm("monit");
  expect(code).toBe(1);
  expect(stderr).toContain("xm ls --watch");
});

test("`xm ls --watch` shows the table again and again, until it is interrupted", async () => {
  const home = testHome();
  await home.ok("start", home.file("idle.js", "setInterval(() => {}, 1e6);"), "--name", "idle");
  const child = spawn(process.execPath, [xmFile, "ls", "--watch", "0.2"], {
    env: { ...process.env, XM_HOME: home.paths.home },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const isGone = new Promise((resolve) => child.once("exit", resolve));
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => (text += more));
  await until("three tables", () => text.split("namespace").length > 3, { saw: () => text });
  child.kill("SIGINT");
  expect(await isGone).toBe(0);
  expect((await home.xm("ls", "--watch=often")).stderr).toContain("--watch");
});
