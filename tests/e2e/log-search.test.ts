import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, xmFile, type TestHome } from "../support/home.ts";

const day = Date.UTC(2026, 10, 29);
const time = (second: number): string => new Date(day + second * 1_000).toISOString();
const pino = (second: number, level: number, msg: string): string =>
  `${JSON.stringify({ level, time: day + second * 1_000, req: { id: second }, msg })}\n`;

/** Two apps; of the first there are a compressed and a plain rotated file. */
async function twoApps(): Promise<TestHome> {
  const home = testHome();
  const idle = home.file("idle.js", "setInterval(() => {}, 1e6);");
  await home.ok("start", idle, "--name", "api");
  await home.ok("start", idle, "--name", "web");
  const log = (name: string): string => join(home.paths.logs, name);
  const rotated = (name: string, content: string | Buffer, second: number): void => {
    writeFileSync(log(name), content);
    utimesSync(log(name), (day + second * 1_000) / 1_000, (day + second * 1_000) / 1_000);
  };
  rotated(
    "api-out__2026-11-29_00-00-02.log.gz",
    gzipSync(pino(1, 30, "one") + pino(2, 50, "two")),
    2,
  );
  rotated("api-out__2026-11-29_00-00-04.log", pino(3, 30, "three") + pino(4, 50, "four"), 4);
  rotated("api-out__old-out.log", pino(3, 50, "of another app"), 9);
  writeFileSync(log("api-out.log"), pino(5, 30, "five") + pino(6, 60, "six"));
  writeFileSync(log("web-error.log"), `${time(2.5)} boom\n    at here\n${time(5.5)} bang\n`);
  return home;
}

const messages = (text: string): string[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => /"msg":"([^"]*)"/.exec(line)?.[1] ?? line.replace(/^.*?\| /, ""));

test("lines of all apps are found in rotated and compressed files, in the order of their times", async () => {
  const home = await twoApps();
  const found = await home.ok("logs", "--since", "2026-11-29", "--nostream");
  expect(messages(found)).toEqual([
    "one",
    "two",
    `${time(2.5)} boom`,
    "    at here",
    "three",
    "four",
    "five",
    `${time(5.5)} bang`,
    "six",
  ]);
  const errors = await home.ok("logs", "api", "--level", "error", "--nostream");
  expect(messages(errors)).toEqual(["two", "four", "six"]);
  const some = ["--since", time(2), "--until", time(4)];
  expect(messages(await home.ok("logs", "api", ...some))).toEqual(["two", "three", "four"]);
  expect(messages(await home.ok("logs", "--grep", "/FOUR|at h/i", "--nostream"))).toEqual([
    "    at here",
    "four",
  ]);
  expect(messages(await home.ok("logs", "--field", "req.id=5", "--nostream"))).toEqual(["five"]);
  const last = await home.ok("logs", "api", "--level", "error", "--tail", "2", "--nostream");
  expect(messages(last)).toEqual(["four", "six"]);
  const [json = ""] = (await home.ok("logs", "--grep", "two", "--json", "--nostream")).split("\n");
  expect(JSON.parse(json)).toMatchObject({
    timestamp: time(2),
    type: "out",
    app_name: "api",
    level: "error",
    fields: { req: { id: 2 } },
  });
});

test("what is found is exported, and what cannot be looked for is said", async () => {
  const home = await twoApps();
  const file = join(home.folder, "out.log.gz");
  const { stderr } = await home.xm("logs", "api", "--level", "error", "--export", file);
  expect(stderr).toBe(`3 line(s) in ${file}\n`);
  const text = gunzipSync(readFileSync(file)).toString();
  expect(messages(text)).toEqual(["two", "four", "six"]);
  for (const [flag, value] of [
    ["since", "soon"],
    ["grep", "("],
    ["level", "loud"],
    ["field", "a"],
  ]) {
    const ran = await home.xm("logs", `--${flag}=${value}`);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`--${flag}`);
  }
});

test("a search goes on with what comes, without a line twice", async () => {
  const home = await twoApps();
  const search = spawn(process.execPath, [xmFile, "logs", "api", "--level", "error"], {
    env: { ...process.env, XM_HOME: home.paths.home },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  search.stdout.setEncoding("utf8").on("data", (more: string) => (text += more));
  const isGone = new Promise((resolve) => search.once("exit", resolve));
  try {
    await until("what is there", () => messages(text).length === 3, { saw: () => text });
    const log = join(home.paths.logs, "api-out.log");
    writeFileSync(log, pino(7, 30, "seven") + pino(8, 50, "eight"), { flag: "a" });
    await until("what comes", () => messages(text).length === 4, { saw: () => text });
    expect(messages(text)).toEqual(["two", "four", "six", "eight"]);
  } finally {
    search.kill("SIGINT");
    await isGone;
  }
});

test("large logs are searched by several threads, with the same result", async () => {
  const home = await twoApps();
  let number = 0;
  for (let file = 1; file <= 4; file += 1) {
    let text = "";
    for (let lines = 0; lines < 60_000; lines += 1) {
      number += 1;
      text += pino(100 + number, number % 30_000 === 0 ? 50 : 30, `${"x".repeat(80)} ${number}`);
    }
    const name = join(home.paths.logs, `api-out__2026-11-29_01-00-0${file}.log`);
    writeFileSync(name, text);
    utimesSync(name, (day + 5_000) / 1_000, (day + 5_000 + file) / 1_000);
  }
  const found = await home.ok("logs", "api", "--level", "error", "--grep", "x", "--nostream");
  const numbers = messages(found).map((message) => Number(message.split(" ")[1]));
  expect(numbers.filter(Boolean)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((each) => each * 30_000));
});

test("damaged rotated files, times that no date can hold and endless nesting keep nobody from the rest", async () => {
  const home = await twoApps();
  const log = (name: string): string => join(home.paths.logs, name);
  const whole = gzipSync(pino(1, 50, "whole") + Array.from({ length: 5_000 }, (_, n) => pino(n, 30, String(Math.sin(n)))).join("")); // prettier-ignore
  writeFileSync(log("api-out__2026-11-29_00-00-01.log.gz"), "no gzip at all");
  writeFileSync(
    log("api-out__2026-11-29_00-00-03.log.gz"),
    whole.subarray(0, whole.length - 1_000),
  );
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const odd = [
    '{"time":1e300,"level":50,"msg":"far"}\n',
    `{"level":50,"a":${deep},"msg":"deep"}\n`,
  ];
  writeFileSync(log("web-out.log"), odd.join(""));
  const ask = (...flags: string[]): Promise<string> =>
    home.ok("logs", "--nostream", "--lines", "100", ...flags);
  expect(await ask("--level", "error", "api", "--json")).toMatch(/"two"|two[^]*six/);
  expect(await ask("--level", "error", "web", "--json", "--out")).toContain("far");
  expect(await ask("--field", "a=1", "web")).not.toContain("deep");
  expect(await ask("--grep", "whole", "api")).toContain("whole");
});
