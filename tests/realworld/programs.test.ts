import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../support/ports.ts";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { startLoad } from "../support/load.ts";
import { installPrograms, programs } from "./programs.ts";

let folder = "";
beforeAll(async () => {
  folder = await installPrograms();
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(programs)(
  "$name: the daemon's death fails no request, each has its line; it is restarted, comes back from a crash and ends by itself",
  async ({ fields }) => {
    const home = testHome();
    const port = await freePort();
    const interpreter = fields["interpreter"];
    const isOfNpm = interpreter === "bun" || interpreter === "deno";
    const app = {
      name: "web",
      cwd: folder,
      kill_timeout: 20_000,
      listen_timeout: 30_000,
      env: { PORT: port },
      ...fields,
      ...(isOfNpm && { interpreter: join(folder, "node_modules/.bin", interpreter) }),
    };
    await home.ok("start", home.file("ecosystem.config.json", JSON.stringify({ apps: [app] })));
    const pid = async (): Promise<number> => (await home.process("web")).pid ?? 0;
    const answering = (): Promise<string> =>
      until("an answer", async () => (await fetch(`http://127.0.0.1:${port}/`)).text());
    expect(await answering()).toBe(String(await pid()));
    const load = startLoad({ port, connections: 2, keepAlive: false });
    const moreAnswers = async (): Promise<void> => {
      const { done } = load.count();
      await until("answers", () => load.count().done > done + 20, { saw: () => load.count() });
    };
    await moreAnswers();
    const first = await pid();
    const god = home.godPid();
    process.kill(god, "SIGKILL");
    await moreAnswers();
    await home.nextGod(god);
    await moreAnswers();
    expect(await pid()).toBe(first);
    const { done, failed, failures } = await load.stop();
    expect({ failed, failures }).toEqual({ failed: 0, failures: {} });
    const lines = (): number => (home.log("web-out.log").match(/served/g) ?? []).length;
    await until("a line for each request", () => lines() >= done + 1, {
      saw: () => [lines(), done],
    });
    expect(lines()).toBe(done + 1);
    await home.ok("reload", "web");
    const second = await pid();
    expect(second).not.toBe(first);
    expect(await answering()).toBe(String(second));
    process.kill(second, "SIGKILL");
    await until("the next life", async () => (await pid()) !== second && (await pid()) !== 0);
    expect(await answering()).toBe(String(await pid()));
    await home.ok("stop", "web");
    expect((await home.process("web")).lastExit).toMatchObject({ code: 0, signal: null });
  },
);
