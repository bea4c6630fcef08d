import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, processesOf, testHome, type TestHome } from "../support/home.ts";
import { webhook, type Received } from "../support/webhook.ts";

interface Body {
  readonly id: string;
  readonly event: string;
  readonly app: string;
  readonly sentence: string;
  readonly repeated: boolean;
  readonly leftOut: number;
  readonly text: string;
  readonly exit: { readonly code: number | null } | null;
  readonly lines: readonly string[];
  readonly events?: readonly Body[];
}

const bodyOf = ({ text }: Received): Body => JSON.parse(text) as Body;

/** Says its secrets, and exits with 3. */
const crashes = `console.error("password=hunter22 at " + process.env.DB_PASSWORD); console.error("last line"); setTimeout(() => process.exit(3), 50);`;

/** An app that has crashed once when it is errored. */
function declare(home: TestHome, app: object, notify: object | object[]): string {
  home.file("bad.js", crashes);
  const one = { name: "bad", script: "bad.js", max_restarts: 1, min_uptime: 10_000, ...app };
  return home.file("e.json", JSON.stringify({ notify, apps: [one] }));
}

const notifierOf = (home: TestHome): number | undefined =>
  processesOf(home.paths.home).find(({ command }) => command.includes("notifier"))?.pid;

const some = (what: string, target: { received: Received[] }, count: number): Promise<Received[]> =>
  until(what, () => target.received.length >= count && [...target.received], {
    withinMs: 30_000,
    saw: () => target.received,
  });

test("a webhook gets the reason, the exit and the last lines, and no secret", async () => {
  const home = testHome({ env: { DB_PASSWORD: "pw-5-of-env" } });
  const target = await webhook();
  const file = declare(home, { env: { HOOK: `${target.url}/path` } }, [
    {
      on: ["errored"],
      webhook: { url: "$HOOK", headers: { authorization: "Bearer ${DB_PASSWORD}" } },
    },
  ]);
  await home.xm("start", file);
  const [received] = await some("the notice", target, 1);
  expect(received?.headers["authorization"]).toBe("Bearer pw-5-of-env");
  expect(received?.path).toBe("/path");
  const body = bodyOf(received as Received);
  expect(body).toMatchObject({
    event: "errored",
    app: "bad",
    process: 0,
    repeated: false,
    exit: { code: 3, signal: null },
    lines: ["password=*** at ***", "last line"],
  });
  expect(body.sentence).toMatch(/^Exited with code 3 after .* it is marked errored, because /);
  const { decisions } = await home.client().detail(0);
  expect(body.sentence).toBe(decisions.at(-1)?.sentence);
  expect(received?.text).not.toMatch(/hunter22|pw-5-of-env/);
  // The address is in no log, and nothing more is sent.
  expect(home.godLog()).not.toContain(target.url);
  expect(target.received).toHaveLength(1);
});

test("a target that answers 500 or hangs gets each event again, marked; another one is not kept waiting", async () => {
  const home = testHome();
  const [broken, fine] = [await webhook(), await webhook()];
  broken.answer(500);
  const file = declare(home, {}, [
    { on: ["crash", "errored"], webhook: broken.url },
    { on: "errored", webhook: fine.url },
  ]);
  await home.xm("start", file);
  await some("the notice of the other target", fine, 1);
  const tries = await some("a second attempt", broken, 2);
  expect(tries.map(bodyOf).map(({ event, repeated }) => [event, repeated])).toEqual([
    ["crash", false],
    ["crash", true],
  ]);
  expect(tries[1]?.headers).toMatchObject({ "x-repeated": "true", "idempotency-key": bodyOf(tries[0] as Received).id });
  broken.answer(200);
  const all = (await some("what had to wait", broken, 4)).map(bodyOf);
  expect(all.slice(2).map(({ event, repeated }) => [event, repeated])).toEqual([
    ["crash", true],
    ["errored", false],
  ]);
  expect(new Set(all.map(({ id }) => id)).size).toBe(2);
  await until("its end in the log", () => home.godLog().includes("was not sent (HTTP 500); it is tried again"));
}); // prettier-ignore

test("a notifier that is killed while a target hangs sends each event again, marked; nothing is lost or told twice unmarked", async () => {
  const home = testHome();
  const target = await webhook();
  target.answer("hang");
  await home.xm("start", declare(home, {}, { on: ["errored"], webhook: target.url }));
  await some("the request that hangs", target, 1);
  const killed = await until("the notifier", () => notifierOf(home));
  process.kill(killed, "SIGKILL");
  target.answer(200);
  const tries = (await some("the next attempt", target, 2)).map(bodyOf);
  expect(tries.map(({ event, repeated }) => [event, repeated])).toEqual([
    ["errored", false],
    ["errored", true],
  ]);
  expect(tries[0]?.id).toBe(tries[1]?.id);
  // A later event arrives once, and none of the earlier ones with it.
  await home.xm("restart", "bad");
  const later = (await some("the next event", target, 3)).map(bodyOf).slice(2);
  expect(later.map(({ event, repeated }) => [event, repeated])).toEqual([["errored", false]]);
  expect(later[0]?.id).not.toBe(tries[0]?.id);
}); // prettier-ignore

test("the daemon is killed: its notifier ends, and the next one continues where it was", async () => {
  const home = testHome();
  const target = await webhook();
  target.answer(500);
  await home.xm("start", declare(home, {}, { on: ["errored"], webhook: target.url }));
  await some("the first attempt", target, 1);
  const [god, notifier] = [home.godPid(), notifierOf(home)];
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  await until("the notifier to be gone", () => notifier !== undefined && !isThere(notifier));
  target.answer(200);
  await until("the notice", () => target.received.map(bodyOf).some(({ repeated }) => repeated), { withinMs: 30_000 });
  const ids = new Set(target.received.map(bodyOf).map(({ id }) => id));
  expect(ids.size).toBe(1);
  expect(target.received.map(bodyOf).filter(({ repeated }) => !repeated)).toHaveLength(1);
}); // prettier-ignore

test("a target that hangs keeps no command waiting, and after, min_interval and digest bound what is sent", async () => {
  const home = testHome();
  const [hanging, digest, after] = [await webhook(), await webhook(), await webhook()];
  hanging.answer("hang");
  const file = declare(home, { max_restarts: 5 }, [
    { on: ["crash"], webhook: hanging.url },
    { on: ["crash"], webhook: digest.url, min_interval: "3s", digest: true },
    { on: ["crash"], webhook: after.url, after: 3, min_interval: "1h" },
  ]);
  await home.xm("start", file);
  await until("errored", async () => (await home.process("bad")).status === "errored");
  const [first, second] = (await some("the digest", digest, 2)).map(bodyOf);
  expect(first?.event).toBe("crash");
  expect(second?.event).toBe("digest");
  expect(second?.events?.map(({ event }) => event)).toEqual(["crash", "crash", "crash", "crash"]);
  expect(second?.text).toContain("4 events of bad");
  expect(after.received.map(bodyOf)).toMatchObject([{ event: "crash", leftOut: 0 }]);
  const call = await home.xm("restart", "bad");
  expect(call.ms).toBeLessThan(10_000);
  expect(hanging.received).toHaveLength(1);
});

test("slack, ntfy, a program and the sample of `xm notify test`", async () => {
  const home = testHome();
  const target = await webhook();
  const out = join(home.folder, "got.json");
  const file = home.file(
    "ok.json",
    JSON.stringify({
      name: "ok",
      script: home.file("ok.js", "setInterval(() => {}, 1e9);"),
      notify: [
        { on: ["online"], slack: `${target.url}/slack` },
        { on: ["online"], ntfy: `${target.url}/topic` },
        { on: ["online"], exec: `cat > ${out}.tmp && mv ${out}.tmp ${out}` },
      ],
    }),
  );
  await home.ok("start", file);
  const received = await some("both", target, 2);
  const at = (path: string) => received.find((each) => each.path === path);
  expect(JSON.parse(at("/slack")?.text ?? "")).toEqual({ text: expect.stringMatching(/^ok: online on .*\n\n.*ok is online\.$/s) as string });
  expect(at("/topic")?.headers["title"]).toMatch(/^ok: online on /);
  await until("the program's file", () => existsSync(out));
  expect(JSON.parse(readFileSync(out, "utf8"))).toMatchObject({ event: "online", app: "ok" });
  const told = await home.ok("notify", "test", "ok");
  expect(told).toContain("ok: slack on online: sent (HTTP 200)\n");
  expect(target.received).toHaveLength(4);
  expect(JSON.parse(readFileSync(out, "utf8"))).toMatchObject({ event: "test" });
  target.answer(404);
  const failed = await home.xm("notify", "test");
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining("not sent (HTTP 404)") as string });
  expect((await home.xm("notify", "what")).code).toBe(1);
}); // prettier-ignore

test("without notify there is no notifier; it comes with a rule, and goes when the rule is gone", async () => {
  const home = testHome();
  const target = await webhook();
  home.file("ok.js", "setInterval(() => {}, 1e9);");
  const write = (notify?: object): string =>
    home.file("ok.json", JSON.stringify({ name: "ok", script: "ok.js", notify }));
  await home.ok("start", write());
  expect(notifierOf(home)).toBeUndefined();
  await home.ok("restart", write({ on: ["online"], webhook: target.url }));
  const received = await some("the notice", target, 1);
  expect(received.map(bodyOf).map(({ event }) => event)).toEqual(["online"]);
  const pid = await until("the notifier", () => notifierOf(home));
  await home.ok("delete", "ok");
  await until("the notifier to be gone", () => !isThere(pid));
  expect(home.godLog()).not.toContain("the notifier ended");
});

test("a rule that cannot be is an error that names it", async () => {
  const home = testHome();
  for (const notify of [
    { on: ["crash"] },
    { on: ["nothing"], exec: "true" },
    { on: ["crash"], exec: "true", slack: "https://x" },
    { on: ["crash"], webhook: "ftp://x" },
    { on: ["crash"], email: "-oX@x" },
    { on: ["crash"], exec: "true", after: 0 },
  ]) {
    const ran = await home.xm("start", declare(home, {}, notify));
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("apps[0].notify: expected a list of { on:");
  }
});

test.runIf(process.getuid?.() === 0)(
  "a full disk is reported to each target once, although nothing can be written there",
  async () => {
    const folder = join(tmpdir(), `xm-full-${process.pid}-${Math.floor(performance.now())}`);
    mkdirSync(folder, { mode: 0o700 });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m,mode=700", "none", folder]);
    onTestFinished(() => {
      execFileSync("umount", ["-l", folder]);
      rmSync(folder, { recursive: true, force: true });
    });
    const home = testHome({ home: join(folder, "h") });
    const target = await webhook();
    const script = home.file("ok.js", "setInterval(() => {}, 1e9);");
    const notify = { on: ["disk_full", "online"], webhook: target.url };
    const apps = ["one", "two"].map((name) => ({ name, script }));
    await home.ok("start", home.file("e.json", JSON.stringify({ notify, apps })));
    const bodies = (await some("three notices", target, 3)).map(bodyOf);
    expect(bodies.map(({ event, app }) => `${event} ${app}`).toSorted()).toEqual([
      "disk_full xm",
      "online one",
      "online two",
    ]);
    expect(bodies.find(({ event }) => event === "disk_full")?.sentence).toMatch(
      /^The disk of .* is full: \d+ KB are left\.$/,
    );
  },
);
