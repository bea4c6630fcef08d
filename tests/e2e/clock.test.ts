import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

/** A daemon whose clock on the wall is set by so much, with its apps' and without touching the machine's. */
function setBy(home: TestHome, ms: number): NodeJS.ProcessEnv {
  const file = home.file("wall.cjs", `const now = Date.now; Date.now = () => now() + ${ms};`);
  return { NODE_OPTIONS: `--require ${file}`, XM_WATCHDOG: "off" };
}

/** The daemon alone gets it: a call takes NODE_OPTIONS out of its daemon's environment. */
async function godWith(home: TestHome, ms: number): Promise<void> {
  const god = home.file(
    `god${ms}.cjs`,
    `require("node:child_process").spawn(process.execPath, [${JSON.stringify(join(import.meta.dirname, "../../dist/bin/god.cjs"))}, ${JSON.stringify(home.paths.home)}], { detached: true, stdio: "ignore", env: { ...process.env } }).unref();`,
  );
  const before = home.godPid();
  await home.run([], { program: god, env: setBy(home, ms) });
  await home.nextGod(before);
}

const hourMs = 3_600_000;

test.each([-hourMs, hourMs, -48 * hourMs])(
  "a clock that is set by %i ms while no daemon is there changes no wait, no uptime and no count",
  async (ms) => {
    const home = testHome({ env: { XM_WATCHDOG: "off" } });
    await home.ok("start", program("crashes.js"), "--name", "waits", "--restart-delay", "600000");
    await home.ok("start", program("stays.js"), "--name", "stays");
    await until("a wait", async () => (await home.process("waits")).status === "waiting");
    const before = await home.process("waits");
    const { startedAt } = await home.process("stays");
    process.kill(home.godPid(), "SIGKILL");

    await godWith(home, ms);

    const waits = await home.process("waits");
    const stays = await home.process("stays");
    expect(waits.status).toBe("waiting");
    // Times are shown as that daemon's wall clock has them.
    expect(Math.abs((waits.restartAt ?? 0) - (before.restartAt ?? 0) - ms)).toBeLessThan(1_500);
    expect(Math.abs((stays.startedAt ?? 0) - (startedAt ?? 0) - ms)).toBeLessThan(1_500);
    expect([waits.restarts, stays.restarts]).toEqual([0, 0]);
    const kept = readFileSync(join(home.paths.state, "journal.ndjson"), "utf8");
    const restarts = [...kept.matchAll(/"restartAt":(\d+)/g)].map(([, at]) => Number(at));
    for (const at of restarts) expect(Math.abs(at - (before.restartAt ?? 0))).toBeLessThan(1_500);
  },
);

test("a daemon comes up over a clock file that holds anything", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  await home.ok("ping");
  process.kill(home.godPid(), "SIGKILL");
  writeFileSync(join(home.paths.state, "clock.json"), "[null");
  await home.ok("ls");
});
