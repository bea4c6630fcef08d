import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { freePort } from "../support/ports.ts";

const fixture = (name: string): string => join(import.meta.dirname, "../fixtures/cluster", name);

const declare = (home: TestHome, app: Record<string, unknown>): string =>
  home.file(
    "ecosystem.json",
    JSON.stringify({ apps: [{ name: "web", listen_timeout: "60s", ...app }] }),
  );

/** How the last life of a process ended. */
const lastExit = async (home: TestHome): Promise<string | number | null | undefined> => {
  const [record] = (await home.list()).filter(({ name }) => name === "web");
  return record?.lastExit?.signal ?? record?.lastExit?.code;
};

test.each(["shared", "round-robin"])(
  "a worker whose shutdown code only closes its server ends by itself, and its server knows its address (%s)",
  async (scheduling) => {
    const home = testHome();
    const port = await freePort();
    const app = {
      script: fixture("closes-only.cjs"),
      instances: 1,
      scheduling,
      env: { PORT: port },
    };
    await home.ok("start", declare(home, { ...app, kill_timeout: 20_000 }));
    const slow = fetch(`http://127.0.0.1:${port}/?ms=700&address=1`);
    await until("it to serve", async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);
    await home.ok("reload", "web");
    expect(JSON.parse(await (await slow).text())).toMatchObject({ address: "127.0.0.1", port });
    await until("its last word", () => home.log("web-out.log") + home.log("web-out-0.log"));
    const began = performance.now();
    await home.ok("stop", "web");
    // A tenth of the grace period that it would have waited for.
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(await lastExit(home)).toBe(0);
    const said = home.log("web-out.log") + home.log("web-out-0.log");
    expect(said).toBe(`closing ${port}\nclosed ${port}\n`.repeat(2));
  },
);

test.each(["cluster", "fork"])(
  "what a library listens to a signal for is no shutdown code: what is in flight is finished (%s)",
  async (mode) => {
    const home = testHome();
    const port = await freePort();
    const library = join(home.folder, "node_modules/quiet-logger");
    mkdirSync(library, { recursive: true });
    const written = "process.on('SIGINT', () => console.log('flushed'));";
    writeFileSync(join(library, "index.js"), written);
    copyFileSync(fixture("plain.cjs"), join(home.folder, "web.cjs"));
    const script = home.file("start.cjs", `require("quiet-logger"); require("./web.cjs");`);
    const app = { script, exec_mode: mode, instances: 1, kill_timeout: 20_000, ready: "listening" };
    await home.ok("start", declare(home, { ...app, env: { PORT: port } }));
    const slow = fetch(`http://127.0.0.1:${port}/?ms=6000`);
    await until(
      "the request to be there",
      async () => (await fetch(`http://127.0.0.1:${port}/`)).ok,
    );
    await home.ok("stop", "web");
    expect((await slow).status).toBe(200);
    expect(await lastExit(home)).toBe("SIGINT");
  },
);
