import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../support/ports.ts";
import { until } from "../support/condition.ts";
import { isThere, testHome } from "../support/home.ts";
import { startLoad } from "../support/load.ts";
import { install } from "./framework.ts";
import { projects } from "./projects.ts";
import { servers } from "./servers.ts";

test.each([...servers, ...projects])(
  "$name: reloads and the daemon's death fail no request, each has its line, and it ends by itself",
  async (framework) => {
    const folder = await install(framework);
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const home = testHome();
    const port = await freePort();
    const { script, fields, path = "/" } = framework;
    const app = {
      name: "web",
      script: join(folder, script),
      cwd: folder,
      exec_mode: "cluster",
      instances: 2,
      listen_timeout: 60_000,
      kill_timeout: 20_000,
      ...fields,
    };
    const apps = [{ ...app, env: { PORT: port, HOST: "127.0.0.1", NODE_ENV: "production" } }];
    await home.ok("start", home.file("ecosystem.config.json", JSON.stringify({ apps })));
    const pids = async (): Promise<number[]> => (await home.list()).map(({ pid }) => pid ?? 0);
    const load =
      framework.load?.({ folder, port }) ??
      startLoad({ port, path, connections: 4, keepAlive: true });
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
    const { done, failed, failures, answers } = await load.stop();
    expect({ failed, failures }).toEqual({ failed: 0, failures: {} });
    // Each generation has served.
    const served = new Set(Object.keys(answers).map((body) => Number(/\d+/.exec(body)?.[0])));
    for (const each of [first, second]) expect(each.some((pid) => served.has(pid))).toBe(true);
    const lines = (): number =>
      [0, 1].flatMap((id) => home.log(`web-out-${id}.log`).match(/served/g) ?? []).length;
    await until("a line for each request", () => lines() >= done, { saw: () => [lines(), done] });
    if (framework.repeats !== true) expect(lines()).toBe(done);
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
  600_000,
);
