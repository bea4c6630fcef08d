import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";

const counts = "let n = 0; setInterval(() => console.log(n++), 2);";

const numbersIn = (path: string): number[] =>
  existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean).map(Number) : [];
/** Without a gap, and none twice. */
const inOrder = (numbers: readonly number[]): number[] =>
  numbers.map((_, index) => (numbers[0] ?? 0) + index);

test.each([
  ["fork", []],
  ["cluster", ["-i", "1"]],
] as const)(
  "a log file that was removed has the next lines after reloadLogs, under the next God too (%s)",
  async (_mode, flags) => {
    const home = testHome();
    const script = home.file("counts.cjs", counts);
    const out = join(home.folder, "out.txt");
    const start = [
      "start",
      script,
      "--name",
      "web",
      "-o",
      out,
      "--listen-timeout",
      "100",
      ...flags,
    ];
    await home.ok(...start);
    await until("lines", () => numbersIn(out).length > 50);
    rmSync(out);
    await home.ok("reloadLogs");
    const begun = Date.now();
    await until("lines in the new file", () => numbersIn(out).length > 100);
    expect(Date.now() - begun).toBeLessThan(10_000);
    const god = home.godPid();
    process.kill(god, "SIGKILL");
    await home.nextGod(god);
    const seen = numbersIn(out).length;
    await until("lines under the next God", () => numbersIn(out).length > seen + 100);
    // All of a life is there before the next one's.
    await home.ok("stop", "web");
    const numbers = numbersIn(out);
    expect(numbers).toEqual(inOrder(numbers));
    await home.ok("start", "web");
    await until("the next life", () => numbersIn(out).length > numbers.length + 10);
    expect(numbersIn(out)[numbers.length]).toBe(0);
    expect(numbersIn(out).slice(0, numbers.length)).toEqual(numbers);
  },
);

test("rotation that makes a file and writes to it loses no line and has none twice", async () => {
  const home = testHome();
  const out = join(home.folder, "web-out.log");
  await home.ok("start", home.file("counts.cjs", counts), "--name", "web", "-o", out);
  await until("lines", () => numbersIn(out).length > 50);
  for (const round of [1, 2, 3]) {
    renameSync(out, `${out}.${round}`);
    writeFileSync(out, "# rotated\n");
    await home.ok("reloadLogs");
    await until("the next lines", () => numbersIn(out).length > 50);
  }
  await home.ok("stop", "web");
  const all = [`${out}.1`, `${out}.2`, `${out}.3`, out].flatMap(numbersIn);
  const numbers = all.filter((each) => !Number.isNaN(each));
  expect(numbers[0]).toBe(0);
  expect(numbers).toEqual(inOrder(numbers));
});
