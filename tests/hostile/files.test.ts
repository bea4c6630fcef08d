import { cpSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, testHome, type TestHome } from "../support/home.ts";
import { damaged, runs, sampled } from "./generate.ts";

/** What is damaged, relative to the home. */
const kinds: readonly (readonly [what: string, choose: (home: TestHome) => string[]])[] = [
  ["state", ({ paths }) => below(paths.state)],
  ["history", ({ paths }) => below(paths.history)],
  ["settings", ({ paths }) => [paths.settings]],
  ["saved list", ({ paths }) => [paths.dump]],
  ["exit files", ({ paths }) => [join(paths.exits, "AbCdEfGhIjK1")]],
];

test.each(kinds)(
  "however the %s is damaged, the next God comes up and a running app is kept or stopped, never doubled",
  async (what, choose) => {
    const home = testHome({ env: { XM_WATCHDOG: "off" } });
    await home.ok(
      "start",
      home.file("app.js", "setInterval(() => {}, 1e6);"),
      "--name",
      "api",
      "--restart-delay",
      "60s",
    );
    await home.ok("restart", "api");
    await home.ok("set", "a:b", "c");
    await home.ok("save");
    const { pid } = await home.process("api");
    await killGod(home);
    const saved = join(home.folder, "saved");
    cpSync(home.paths.home, saved, {
      recursive: true,
      filter: (path) =>
        !statSync(path, { throwIfNoEntry: false })?.isSocket() &&
        !statSync(path, { throwIfNoEntry: false })?.isFIFO(),
    });
    for (const [index, file] of choose(home).entries()) {
      const text = readable(file) ?? '{"code":1,"signal":null}';
      for (const bytes of sampled(damaged(text), runs(1))) {
        restore(home, saved);
        writeFileSync(file, bytes);
        const ping = await home.run(["ping"]);
        expect(
          ping.code,
          `${what} ${index}: ${JSON.stringify(bytes.toString("latin1").slice(0, 400))}\n${ping.stdout}${ping.stderr}${home.godLog().slice(-1_500)}`,
        ).toBe(0);
        for (const command of [["ls"], ["history"], ["conf"], ["resurrect"]]) {
          const ran = await home.run(command);
          expect(
            `${ran.stdout}${ran.stderr}`,
            `${command.join(" ")} after ${JSON.stringify(bytes.toString("latin1").slice(0, 300))}`,
          ).not.toMatch(/\n {4}at .*:\d+/);
        }
        const lives = (await home.list()).filter(
          ({ name, status }) => name === "api" && status === "online",
        );
        expect(lives.length).toBeLessThanOrEqual(1);
        await home.run(["delete", "all"]);
        await killGod(home);
        if (pid !== null && isThere(pid)) process.kill(pid, "SIGKILL");
      }
    }
  },
);

function restore(home: TestHome, saved: string): void {
  for (const name of ["state", "history", "exits"])
    rmSync(join(home.paths.home, name), { recursive: true, force: true });
  cpSync(saved, home.paths.home, { recursive: true });
}

function below(folder: string): string[] {
  return readdirSync(folder).map((name) => join(folder, name));
}

function readable(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

async function killGod(home: TestHome): Promise<void> {
  const pid = home.godPid();
  process.kill(pid, "SIGKILL");
  await until("God to be gone", () => !isThere(pid));
}
