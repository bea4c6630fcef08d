import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, xmFile, type TestHome } from "../support/home.ts";

const hasTmux = ["/usr/bin/tmux", "/usr/local/bin/tmux", "/bin/tmux"].some((path) =>
  existsSync(path),
);

interface Terminal {
  readonly screen: () => string;
  readonly colours: () => string;
  readonly keys: (...keys: string[]) => void;
  /** As the terminal sends it: a text, or what a mouse does. */
  readonly send: (text: string) => void;
  readonly resize: (width: number, height: number) => void;
  readonly see: (what: RegExp) => Promise<unknown>;
}

/** Terminals of one tmux with `xm monit` in each. */
function terminals(home: TestHome) {
  const socket = join(home.folder, "tmux.sock");
  const tmux = (...args: string[]): string =>
    execFileSync("tmux", ["-S", socket, "-f", "/dev/null", ...args], { encoding: "utf8" });
  onTestFinished(() => void tmux("kill-server"));
  let count = 0;
  return ({ width = 80, height = 24, env = {} } = {}): Terminal => {
    const name = `m${(count += 1)}`;
    const variables = Object.entries({ XM_HOME: home.paths.home, ...env });
    // What the test itself runs in has no say in the colours.
    const environment = [
      ...["CI", "TMUX", "COLORTERM", "TERM_PROGRAM", "NO_COLOR", "FORCE_COLOR"].map(
        (each) => `-u ${each}`,
      ),
      ...variables.map(([key, value]) => `${key}=${value}`),
    ].join(" ");
    const command = `env ${environment} ${process.execPath} ${xmFile} monit; echo "ended $?"; exec sleep 1000`;
    const size = ["-x", String(width), "-y", String(height)];
    tmux("new-session", "-d", "-s", name, ...size, command);
    const screen = (): string => tmux("capture-pane", "-p", "-t", name);
    return {
      screen,
      colours: () => tmux("capture-pane", "-p", "-e", "-t", name),
      keys: (...keys) => void tmux("send-keys", "-t", name, ...keys),
      send: (text) => void tmux("send-keys", "-t", name, "-l", text),
      resize: (x, y) => void tmux("resize-window", "-t", name, "-x", String(x), "-y", String(y)),
      see: (what) =>
        until(String(what), () => what.test(screen()), { saw: screen, withinMs: 30_000 }),
    };
  };
}

const ticks = `
let n = 0;
setInterval(() => {
  n += 1;
  console.log("tick " + n);
  if (n % 10 === 0) console.error("slow " + n);
}, 100);`;

test.skipIf(!hasTmux)(
  "the screen shows processes and logs, filters, acts when it is confirmed, and survives the daemon's death",
  async () => {
    const home = testHome();
    await home.ok("start", home.file("ticks.js", ticks), "--name", "ticks");
    await home.ok("start", home.file("idle.js", "setInterval(() => {}, 1e6);"), "--name", "idle");
    const shown = terminals(home)();
    const { see, keys, send } = shown;
    const isGone = (what: RegExp): Promise<unknown> =>
      until(`no ${what}`, () => !what.test(shown.screen()), { saw: shown.screen });
    await see(/> +1 +idle +online/);
    await see(/0 +ticks +online/);
    await see(/10 min .*▇/);
    keys("Down");
    await see(/ticks \(0\) ─/);
    await see(/tick \d+/);
    // The mouse: a click on the first process, the wheel over the log.
    const rowOf = (what: RegExp): number =>
      shown
        .screen()
        .split("\n")
        .findIndex((line) => what.test(line)) + 1;
    send(`\u001B[<0;5;${rowOf(/1 +idle/)}M`);
    await see(/> +1 +idle/);
    send(`\u001B[<0;5;${rowOf(/0 +ticks/)}M`);
    await see(/tick \d+/);
    send(`\u001B[<64;5;20M`);
    await see(/ log, \d+ back/);
    keys("End");
    await see(/ log ─/);
    keys("v", "v", "v", "v");
    await see(/ log, error and above ─/);
    await isGone(/tick \d/);
    await see(/slow \d+/);
    keys("v");
    keys("f");
    send("k \\d*3$");
    await see(/find: k/);
    keys("Enter");
    await until("a match at the end", () => /tick \d*3$/.test(logOf(shown.screen()).at(-1) ?? ""), {
      saw: shown.screen,
    });
    keys("Escape");
    keys("/");
    send("idle");
    await see(/\/idle/);
    await isGone(/ticks +online/);
    keys("Enter");
    keys("s");
    await see(/stop idle \(1\)\? y\/n/);
    keys("n");
    keys(":");
    send("sto");
    await see(/> stop +stop the selected/);
    keys("Enter");
    await see(/\? y\/n/);
    keys("y");
    await see(/idle +stopped/);
    await see(/10 min .*▁ now/);
    keys("Escape");
    await see(/ticks +online/);
    const god = home.godPid();
    process.kill(god, "SIGKILL");
    await home.nextGod(god);
    await home.ok("restart", "ticks");
    await see(/ticks +online.*↺1/);
    keys("?");
    await see(/any key/);
    keys("x");
    shown.resize(20, 8);
    await until(
      "a small screen",
      () => shown.screen().trimEnd().split("\n").length <= 8 && /ticks/.test(shown.screen()),
      { saw: shown.screen },
    );
    keys("q");
    await see(/ended 0/);
  },
  120_000,
);

/** The rows of the log that hold something. */
function logOf(screen: string): string[] {
  const lines = screen.trimEnd().split("\n").slice(0, -1);
  return lines.slice(lines.findLastIndex((line) => line.startsWith("── log")) + 1).filter(Boolean);
}

const flood = `
console.log("x".repeat(1e6)); console.log("0123456789".repeat(30)); console.log("日本語");
setInterval(() => {}, 1e6);
process.on("SIGUSR2", () => {
  let n = 0;
  setInterval(() => {
    let text = "";
    for (let each = 0; each < 50; each += 1) text += "line " + (n += 1) + "\\n";
    process.stdout.write(text);
  }, 10);
});`;

/* oxlint-disable no-control-regex -- what sets colours */
test.skipIf(!hasTmux)(
  "any size and any number of colours is respected, and so are long lines, wide glyphs and 5,000 lines a second",
  async () => {
    const home = testHome();
    await home.ok("start", home.file("big.js", flood), "--name", "big");
    const open = terminals(home);
    const plain = open({ width: 20, height: 8, env: { NO_COLOR: "1" } });
    const sixteen = open({ env: { TERM: "xterm" } });
    const many = open({ width: 200, height: 60, env: { TERM: "xterm-256color" } });
    const all = open({ width: 200, height: 60, env: { TERM: "xterm", COLORTERM: "truecolor" } });
    for (const [each, size] of [
      [plain, 20],
      [sixteen, 80],
      [many, 200],
      [all, 200],
    ] as const) {
      await each.see(/> +0 big/);
      await each.see(/日本語/);
      const widths = each
        .screen()
        .split("\n")
        .map((line) => Array.from(line).length);
      expect(Math.max(...widths)).toBeLessThanOrEqual(size);
      // A row that fills the screen has its last glyph too.
      expect(each.screen()).toMatch(new RegExp(`^\\d{${size}}$`, "m"));
    }
    expect(plain.colours()).not.toMatch(/\u001B\[[\d;]*[34][0-8]/);
    expect(sixteen.colours()).toMatch(/\u001B\[[\d;]*32m/);
    expect(sixteen.colours()).not.toMatch(/[34]8;[25]/);
    expect(many.colours()).toContain("48;5;24");
    expect(many.colours()).not.toContain("48;2");
    expect(all.colours()).toContain("48;2;24;74;120");
    for (const each of [plain, sixteen, many]) {
      each.keys("C-c");
      await each.see(/ended 0/);
    }
    await home.ok("sendSignal", "SIGUSR2", "big");
    await all.see(/line \d{5}/);
    // In the middle of it keys are answered, and the screen holds what is scrolled to.
    all.keys("PPage");
    await all.see(/log, \d+ back/);
    all.keys("End", "?");
    await all.see(/any key/);
    all.keys("x");
    const numberOf = (): number => Number(/line (\d+)/.exec(logOf(all.screen()).at(-1) ?? "")?.[1]);
    await until("lines", () => numberOf() > 0, { saw: all.screen });
    const first = numberOf();
    await until("later lines", () => numberOf() > first + 5_000, { saw: all.screen });
    all.keys("q");
    await all.see(/ended 0/);
  },
  120_000,
);
/* oxlint-enable no-control-regex */

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
