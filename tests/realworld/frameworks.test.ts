import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../support/ports.ts";
import { until } from "../support/condition.ts";
import { isThere, testHome } from "../support/home.ts";
import { startLoad } from "../support/load.ts";
import { frameworks, installFrameworks } from "./frameworks.ts";

let folder = "";
beforeAll(async () => {
  folder = await installFrameworks();
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(frameworks)(
  "$name: reloads, the daemon's death and a crash fail no request that could be answered, and it ends by itself",
  async ({ file, source, fields, path = "/" }) => {
    const home = testHome();
    const port = await freePort();
    const script = join(folder, file);
    writeFileSync(script, source);
    const app = {
      name: "web",
      script,
      exec_mode: "cluster",
      instances: 2,
      listen_timeout: 30_000,
      kill_timeout: 20_000,
      env: { PORT: port },
      ...fields,
    };
    await home.ok("start", home.file("ecosystem.config.json", JSON.stringify({ apps: [app] })));
    const pids = async (): Promise<number[]> => (await home.list()).map(({ pid }) => pid ?? 0);
    const load = startLoad({ port, path, connections: 4, keepAlive: true });
    const moreAnswers = async (): Promise<void> => {
      const { done } = load.count();
      await until("answers", () => load.count().done > done + 20, { saw: () => load.count() });
    };
    await moreAnswers();
    const first = await pids();
    await home.ok("reload", "web");
    await moreAnswers();
    const second = await pids();
    expect(second.some((pid) => first.includes(pid))).toBe(false);
    const god = home.godPid();
    process.kill(god, "SIGKILL");
    await moreAnswers();
    await home.nextGod(god);
    expect(await pids()).toEqual(second);
    await home.ok("reload", "web");
    await moreAnswers();
    const { failed, failures } = await load.stop();
    expect({ failed, failures }).toEqual({ failed: 0, failures: {} });
    // A crash: the next life serves.
    const [crashes = 0] = await pids();
    process.kill(crashes, "SIGKILL");
    await until("the next life", async () => {
      const list = await home.list();
      return list.every(({ pid, status }) => status === "online" && pid !== crashes);
    });
    const last = await pids();
    await home.ok("stop", "web");
    expect(last.filter(isThere)).toEqual([]);
    // By itself, and not by SIGKILL at the end of its grace period.
    const ends = (await home.list()).map(({ lastExit }) => lastExit?.signal ?? null);
    expect(ends).not.toContain("SIGKILL");
  },
);
