import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";

test("xm advise proposes what an app's own stops speak for, and nothing for one without troubles", async () => {
  const home = testHome();
  // Every other stop takes longer than the time it has.
  const slow = home.file(
    "slow.cjs",
    `const { existsSync, rmSync, writeFileSync } = require("node:fs");
     const mark = __filename + ".mark";
     process.on("SIGINT", () => {
       if (existsSync(mark)) { rmSync(mark); return setTimeout(() => process.exit(0), 60); }
       writeFileSync(mark, "");
     });
     setInterval(() => {}, 1000); console.log("up");`,
  );
  await home.ok("start", slow, "--name", "slow", "--kill-timeout", "700");
  await home.ok("start", "/bin/sleep", "--name", "calm", "--", "1000");
  for (let count = 1; count <= 4; count += 1) {
    await until(
      "its signal handler is there",
      () => home.log("slow-out.log").split("up").length > count,
    );
    await home.ok("restart", "slow");
  }
  const text = await home.ok("advise");
  expect(text).toMatch(
    /-   kill_timeout: 700,\n\+   kill_timeout: 3000,\n {4}\/\/ 2 of 4 stops ended with SIGKILL after 700 ms/,
  );
  expect(text).toMatch(/calm: nothing to change after \d+ records/);
  const [found] = JSON.parse(await home.ok("advise", "slow", "--json")) as [{ advice: unknown[] }];
  expect(found).toMatchObject({
    app: "slow",
    advice: [{ field: "kill_timeout", from: 700, to: 3_000 }],
  });
  expect((await home.xm("advise", "nobody")).code).toBe(1);
});
