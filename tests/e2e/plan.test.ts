import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { testHome, type TestHome } from "../support/home.ts";

interface Planned {
  readonly events: readonly { at: number; name: string; event: string; status?: string }[];
  readonly command: { answeredAt: number; exitCode: number };
  readonly longestChain: readonly { app: string }[];
  readonly hypotheses: readonly { app: string; command: { exitCode: number } }[];
}

/** Programs that nothing ever runs. */
function chain(home: TestHome): string {
  const script = home.file("never-run.cjs", "require('fs').writeFileSync('ran', '');");
  const apps = [
    { name: "web", script, depends_on: ["api"] },
    { name: "api", script, wait_ready: true, depends_on: ["db"] },
    { name: "db", script, wait_ready: true },
  ];
  return home.file("ecosystem.config.json", JSON.stringify({ apps }));
}

test("a plan shows order, waits and the longest chain, starts nothing and leaves no home", async () => {
  const home = testHome();
  const file = chain(home);
  const text = await home.ok("plan", file, "--boot-time", "db=2s", "--boot-time", "api=3s");
  expect(text).toContain("db: ready after 2 s (as given)");
  expect(text).toMatch(/^ *\+2s +db +online +is ready$/m);
  expect(text).toMatch(/^web waits for api: 5 s$/m);
  expect(text).toMatch(/^Longest chain: 5 s \(db 2 s → api 3 s → web\)$/m);
  expect(text).toMatch(/^`xm start` returns after 5 s with exit code 0$/m);
  expect(text).toMatch(/^If db never gets ready:$/m);
  expect(existsSync(home.paths.home)).toBe(false);
  expect(existsSync(`${home.folder}/ran`)).toBe(false);
});

test("as JSON, for reload and stop, with --only and --assume", async () => {
  const home = testHome();
  const file = chain(home);
  const json = async (...flags: string[]): Promise<Planned> =>
    JSON.parse(await home.ok("plan", file, "--json", ...flags)) as Planned;
  const stop = await json("--action", "stop", "--stop-time", "web=300ms");
  const asked = stop.events.filter(({ event }) => event === "stop");
  expect(asked.map(({ at, name }) => `${at} ${name}`)).toEqual(["0 web", "300 api", "400 db"]);
  expect(stop.longestChain.map(({ app }) => app)).toEqual(["web", "api", "db"]);

  const crash = await json("--only", "api", "--assume", "db=crash");
  expect([...new Set(crash.events.map(({ name }) => name))]).toEqual(["db", "api"]);
  expect(crash.command.exitCode).toBe(1);

  const reload = await json("--action", "reload");
  expect(reload.events.some(({ event }) => event === "reload.succeeded")).toBe(true);
});

test("what has run before is planned with the times of its history", async () => {
  const home = testHome();
  const script = home.file(
    "api.cjs",
    "setTimeout(() => process.send('ready'), 400); setInterval(() => {}, 1e6);",
  );
  const apps = [{ name: "api", script, wait_ready: true, listen_timeout: 30_000 }];
  const file = home.file("ecosystem.config.json", JSON.stringify({ apps }));
  await home.ok("start", file);
  const { apps: taken } = JSON.parse(await home.ok("plan", file, "--json")) as {
    apps: { bootMs: number }[];
  };
  expect(taken[0]?.bootMs).toBeGreaterThanOrEqual(400);
  expect(taken[0]?.bootMs).not.toBe(1_000);
  expect(await home.ok("plan", file)).toContain("median of its history, 1 start)");
});

test("a call that cannot be planned says what to change, as start does", async () => {
  const home = testHome();
  const file = chain(home);
  const fails = async (...words: string[]): Promise<string> => {
    const { code, stderr } = await home.xm("plan", ...words);
    expect(code).toBe(1);
    return stderr;
  };
  const missing = await fails("missing.json");
  expect(missing).toBe((await home.xm("start", "missing.json")).stderr);
  const round = { apps: [{ name: "a", script: "never-run.cjs", depends_on: ["a"] }] };
  const circle = home.file("circle.json", JSON.stringify(round));
  expect(await fails(circle)).toBe((await home.xm("start", circle)).stderr);
  expect(await fails(file, "--action", "fly")).toMatch(/--action: expected start, reload, stop/);
  expect(await fails(file, "--assume", "api=late")).toMatch(
    /--assume: expected never-ready, crash/,
  );
  expect(await fails(file, "--assume", "apu=crash")).toMatch(/no app "apu" in the plan; it has/);
  expect(await fails(file, "--boot-time", "web=1s")).toMatch(/the flag has no effect/);
  expect(await fails(file, "--boot-time", "api=soon")).toMatch(/expected ms or a time/);
  expect(await fails(file, "--run-time", "api=1s")).toMatch(/api is no job/);
  expect(await fails(file, "--nonsense")).toMatch(/no such flag: --nonsense/);
});

test("a fault is reported with its evidence and its fix, and makes the exit code 1; a warning does with --strict", async () => {
  const home = testHome();
  const script = home.file("never-run.cjs", "");
  const write = (name: string, app: object): string =>
    home.file(name, JSON.stringify({ apps: [{ name: "api", script, ...app }] }));
  const faulty = write("error.json", {
    liveness_probe: { tcp_socket: { port: 1 }, period: "200ms", failure_threshold: 2 },
  });
  const { code, stdout } = await home.xm("plan", faulty);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^error probe-kills-start {2}api: liveness_probe$/m);
  expect(stdout).toMatch(/^ +\+0.2s {2}api {2}probe.failing → alive.stopping.graceful$/m);
  expect(stdout).toMatch(/^ {2}fix: declare a startup_probe/m);

  const doubtful = write("warning.json", { drain_timeout: 20_000 });
  expect((await home.xm("plan", doubtful)).code).toBe(0);
  const strict = await home.xm("plan", doubtful, "--strict", "--json");
  expect(strict.code).toBe(1);
  expect(JSON.parse(strict.stdout)).toMatchObject({
    findings: [{ rule: "kill-timeout-below-drain", level: "warning", about: "api" }],
  });
  expect((await home.xm("plan", write("good.json", {}), "--strict")).code).toBe(0);
});
