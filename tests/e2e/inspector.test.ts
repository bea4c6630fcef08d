import { readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import { createWebSocketReceiver, type StatelyInspectionEvent } from "@statelyai/inspect";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import type { HelloMessage, PageSession, Timeline } from "../../runtime/contract/inspector.ts";
import { statusCodes } from "../../runtime/contract/inspector.ts";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { openInspector, problemOf, type TestInspector } from "../support/inspector.ts";
import { program } from "../support/programs.ts";

const secret = "swordfish-7391";

test("an address lets its reader in once; a wrong token, a foreign Host and a foreign Origin are refused", async () => {
  const home = testHome();
  const inspector = await openInspector(home);
  const { port, url, knock, ask } = inspector;
  const { pathname, hash } = new URL(url);
  const once = hash.replace("#token=", "");
  const enter = (token: string, headers: Record<string, string> = {}) =>
    knock("/inspector/enter", { method: "POST", body: { token }, headers });

  const refused = await Promise.all([
    knock("/charts/process.json"),
    enter("wrong"),
    knock("/v1/processes"),
    knock("/v1/processes", { headers: { authorization: "Bearer wrong" } }),
    knock("/v1/processes", { headers: { authorization: `Bearer ${once}` } }),
    knock("/v1/processes", { headers: { cookie: `xm-inspector-${port}=${inspector.token}` } }),
    knock(`/v1/processes?token=${inspector.token}`),
    knock("/inspector/live"),
    ask("/v1/processes", { headers: { host: `evil.example:${port}` } }),
    ask("/v1/processes", { headers: { host: `127.0.0.1:${port + 1}` } }),
    ask("/v1/processes", { headers: { origin: "http://evil.example" } }),
    ask("/v1/processes", { headers: { origin: "null" } }),
    ask("/v1/processes", { headers: { origin: `http://127.0.0.1:${port + 1}` } }),
    ask("/v1/processes", { headers: { origin: `http://localhost:${port}` } }),
    knock(pathname, { headers: { host: "evil.example" } }),
    enter(once, { origin: "http://evil.example" }),
  ]);
  const denied = "ERR_INSPECTOR_DENIED";
  const foreign = "ERR_INSPECTOR_FOREIGN";
  expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 403));
  expect(refused.map(({ headers }) => headers["content-type"])).toEqual(
    refused.map(() => "application/problem+json"),
  );
  expect(refused.map(problemOf)).toEqual([
    ...Array.from({ length: 8 }, () => denied),
    ...Array.from({ length: 8 }, () => foreign),
  ]);

  // The page itself holds no secret, and sets no cookie.
  const page = await knock(pathname);
  expect([page.status, page.headers["set-cookie"]]).toEqual([200, undefined]);
  const entered = await enter(once);
  expect([entered.status, entered.headers["set-cookie"]]).toEqual([200, undefined]);
  const session = JSON.parse(entered.body) as PageSession;
  const mine = { authorization: `Bearer ${session.ticket}` };
  const own = { ...mine, origin: `http://127.0.0.1:${port}` };
  const seen = await Promise.all([
    knock("/v1/ping", { headers: mine }),
    knock("/v1/ping", { headers: own }),
  ]);
  expect(seen.map(({ status }) => status)).toEqual([200, 200]);
  expect(seen[0]?.headers).toMatchObject({
    "content-security-policy": expect.stringContaining("default-src 'self'") as string,
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  });
  expect(seen[0]?.headers["content-security-policy"]).toContain("frame-ancestors 'none'");
  expect(problemOf(await enter(once))).toBe(denied);
  for (const machine of ["process", "app", "reload", "god"]) {
    const chart = await knock(`/charts/${machine}.json`, { headers: mine });
    expect((JSON.parse(chart.body) as { model: { id: string } }).model.id).toBe(machine);
  }

  // Nothing that lets anybody in is on disk, and nobody else may read what is.
  const state = readFileSync(home.paths.inspector, "utf8");
  expect(statSync(home.paths.inspector).mode & 0o777).toBe(0o600);
  const { ticket, kept, live } = session;
  for (const word of [inspector.token, once, ticket, kept?.secret, live?.secret]) {
    expect(word).toMatch(/^[\w-]{43}$/);
    expect(state).not.toContain(word);
  }
});

test("it listens on 127.0.0.1 only when asked, looks only unless told otherwise, and is closed by --stop", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "s");
  expect(await home.client().inspector()).toEqual({ port: null, viewers: 0, sessions: 0 });
  const looks = await openInspector(home);
  const action = { action: "restart", ids: [0], by: "a test" };
  const act = (inspector: TestInspector, path: string, body: unknown) =>
    inspector.ask(path, { method: "POST", body });
  const before = (await home.process("s")).pid;
  const readOnly = await act(looks, "/v1/actions", action);
  expect([readOnly.status, problemOf(readOnly)]).toEqual([403, "ERR_INSPECTOR_READ_ONLY"]);
  expect((await home.process("s")).pid).toBe(before);

  const acts = await openInspector(home, "--control");
  expect(acts.port).toBe(looks.port);
  expect((await act(acts, "/v1/actions", action)).status).toBe(200);
  expect((await home.process("s")).pid).not.toBe(before);
  const never = await Promise.all([
    act(acts, "/v1/daemon/shut-down", { by: "a test" }),
    act(acts, "/v1/daemon/hand-over", { by: "a test" }),
    act(acts, "/v1/inspector", { control: true, by: "a test" }),
    act(acts, "/v1/apps", { apps: [], known: "copy", by: "a test" }),
    act(acts, "/v1/actions", { ...action, env: { NODE_OPTIONS: "--inspect" } }),
  ]);
  expect(never.map((answer) => [answer.status, problemOf(answer)])).toEqual(
    never.map(() => [403, "ERR_INSPECTOR_READ_ONLY"]),
  );

  const [first, second] = [await looks.live(), await acts.live()];
  const mayControl = [first, second].map((each) => (each.messages[0] as HelloMessage).mayControl);
  expect(mayControl).toEqual([false, true]);
  await home.ok("inspect", "--stop");
  await until("the pages to be cut off", () => !first.isOpen() && !second.isOpen());
  await expect(looks.ask("/v1/ping")).rejects.toThrow("ECONNREFUSED");
  const again = await openInspector(home, "--port", String(looks.port));
  const old = { headers: { authorization: `Bearer ${acts.token}` } };
  expect(problemOf(await again.knock("/v1/ping", old))).toBe("ERR_INSPECTOR_DENIED");

  const { code, stderr } = await home.xm("inspect", "--port", "eighty");
  expect([
    code,
    stderr.includes('--port: expected a number from 0 to 65535, got "eighty"'),
  ]).toEqual([1, true]);
});

test("no value of an environment leaves by TCP: in no answer, stream or frame", async () => {
  const home = testHome();
  const run = (...args: string[]) => home.run(args, { env: { DATABASE_PASSWORD: secret } });
  await run("start", program("crashes.js"), "--name", "c", "--restart-delay", "200");
  await run("start", program("obeys.js"), "--name", "o");
  await run("save");
  const inspector = await openInspector(home, "--control");
  const live = [await inspector.live(0), await inspector.live(1)];
  const { frames } = await attach(inspector);
  const post = (path: string, body: unknown) => inspector.ask(path, { method: "POST", body });
  const answers = [
    await inspector.ask("/v1/processes?detail=true&metrics=true"),
    await inspector.ask("/v1/processes/0"),
    await inspector.ask("/v1/processes/0/states"),
    await inspector.ask("/v1/history"),
    await inspector.ask("/v1/daemon"),
    await inspector.ask("/v1/inspector"),
    await inspector.ask("/v1/nothing"),
    await inspector.ask("/inspector/timeline"),
    await post("/v1/actions", { action: "restart", ids: [0, 1], by: "a test" }),
    await post("/v1/apps/o/scale", { instances: 2, by: "a test" }),
    await post("/v1/reloads", { ids: [1, 2], by: "a test" }),
  ];
  // A declaration over the unix socket goes through the machines as an event.
  await run("start", program("obeys.js"), "--name", "p");
  const enough = (): boolean =>
    live.every((each) => each.text().includes("child.exited")) &&
    frames.some((each) => each.includes("app.declare"));
  await until("the streams to have told of it", enough);
  const all = [...answers.map(({ body }) => body), ...live.map((each) => each.text()), ...frames];
  expect(all.filter((each) => each.includes(secret))).toEqual([]);
  // It was there to be told: the names are, and over the unix socket the value is.
  expect(answers[0]?.body).toContain('"DATABASE_PASSWORD":"[hidden]"');
  expect(live[0]?.text()).toContain('"DATABASE_PASSWORD":"[hidden]"');
  expect(frames.join()).toContain('"DATABASE_PASSWORD":"[hidden]"');
  expect(JSON.stringify(await home.client().details())).toContain(secret);
});

test("a page that is open sees God's death and the next God, at the same address", async () => {
  const home = testHome();
  await home.ok("start", program("crashes.js"), "--name", "c", "--restart-delay", "30000");
  await until("the wait", async () => (await home.process("c")).status === "waiting");
  const inspector = await openInspector(home);
  const before = await inspector.live(0);
  const { restartAt } = await home.process("c");
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await until("the stream to end", () => !before.isOpen());
  const next = await home.nextGod(god);
  const after = await until("the page to be back", () => inspector.live(0).catch(() => undefined));
  const [hello] = after.messages as HelloMessage[];
  expect([hello?.type, hello?.daemon.pid]).toEqual(["hello", next]);
  // What is left of the wait is what its process waits, and it began under the God before.
  const view = await until("its machine", () => after.views("process")[0]);
  const [delay] = view.delays;
  expect([view.states, delay?.delay, delay?.state]).toEqual([
    ["process", "process.waiting"],
    "restartDelay",
    "process.waiting",
  ]);
  expect(Math.abs((delay?.dueAt ?? 0) - (restartAt ?? 0))).toBeLessThan(1_000);
  expect(delay?.startedAt).toBe((restartAt ?? 0) - 30_000);
  await home.ok("kill");
  expect(() => statSync(home.paths.inspector)).toThrow("ENOENT");
});

test("a crash loop is seen edge by edge, and the guard that ends it shows 16 of 16", async () => {
  const home = testHome();
  const flags = ["--restart-delay", "20"];
  await home.ok("start", program("crashes.js"), "--name", "c", "--no-autostart", ...flags);
  const inspector = await openInspector(home, "--control");
  const live = await inspector.live(0);
  await home.ok("restart", "c");
  await until("the end", () => live.views("process").at(-1)?.states.includes("process.errored"), {
    saw: () => live.views("process").at(-1),
  });
  const views = live.views("process");
  const words = views
    .flatMap(({ steps }) => steps)
    .map(({ source, target, event, guard }) => `${source} ${event} ${guard ?? ""} ${target ?? ""}`);
  // Nor a post_start hook.
  const life = [
    "process.alive.starting child.spawned  process.alive.online",
    "process.alive.online.hooks.looking always  process.alive.online.hooks.done",
  ];
  // It has no post_stop hook.
  const crash = [
    "process.alive child.exited  process.concluding",
    "process.concluding.looking always  process.exited",
  ];
  const wait = [...crash, "process.exited always delaysRestart process.waiting"];
  // It depends on nothing: it is checked, and goes on at once.
  const looks = "process.pending.looking always  process.alive";
  const again = ["process.waiting restartDelay  process.pending", looks];
  expect(words).toEqual([
    "process.stopped restart  process.pending",
    looks,
    ...life,
    ...Array.from({ length: 15 }, () => [...wait, ...again, ...life]).flat(),
    ...crash,
    "process.exited always unstableTooOften process.errored",
  ]);
  const guard = views.at(-1)?.guards.find((each) => each.guard === "unstableTooOften");
  expect([guard?.result, guard?.saw]).toEqual([
    true,
    { unstableRestarts: 16, maxRestarts: 16, minUptimeMs: 1_000 },
  ]);
  const earlier = views
    .flatMap(({ guards }) => guards)
    .filter((each) => each.guard === "unstableTooOften");
  expect(earlier.map(({ saw }) => saw["unstableRestarts"])).toContain(15);
  expect(views.at(-1)?.sentence).toContain("it is marked errored");
  const waiting = views.find(({ states }) => states.includes("process.waiting"));
  expect(waiting?.delays.map(({ delay }) => delay)).toEqual(["restartDelay"]);

  const answer = await inspector.ask(`/inspector/timeline?since=${Date.now() - 60_000}`);
  const { lanes, daemons } = JSON.parse(answer.body) as Timeline;
  const [lane] = lanes;
  const statuses = lane?.points.filter((_, n) => n % 3 === 2).map((code) => statusCodes[code]);
  const run = ["starting", "online", "waiting"];
  expect([lane?.name, lanes.length, daemons.length]).toEqual(["c", 1, 1]);
  const lives = Array.from({ length: 15 }, () => run).flat();
  expect(statuses).toEqual(["stopped", ...lives, "starting", "online", "errored"]);
  expect(lane?.marks.map(({ kind, label }) => `${kind} ${label}`)).toEqual([
    "restart `xm restart`",
    ...Array.from({ length: 16 }, () => "exit code 1"),
  ]);
  const seqs = lane?.points.filter((_, n) => n % 3 === 1) ?? [];
  const errored = await inspector.ask(`/v1/history?ids=0&before=${(seqs.at(-1) ?? 0) + 1}&limit=1`);
  expect(JSON.parse(errored.body)).toMatchObject([
    {
      status: "errored",
      decision: { rule: "unstableTooOften" },
      judgement: { unstableRestarts: 16, restartDelayMs: 20, code: 1 },
    },
  ]);
});

test("Stately's receiver attaches, and who comes late is told every definition", async () => {
  const home = testHome();
  await home.ok("start", program("obeys.js"), "--name", "o");
  const inspector = await openInspector(home);
  const first = await attach(inspector);
  await home.ok("restart", "o");
  const late = await attach(inspector);
  const actors = late.events.filter((event) => event.type === "@xstate.actor");
  const names = actors.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["god", "app:o", "process:0", "childProcess"]));
  for (const actor of actors) {
    const { id } = JSON.parse(actor.definition ?? "{}") as { id: string };
    expect(id).toBe(/^(\w+):/.exec(actor.name)?.[1] ?? actor.name);
    // Parents come before their children.
    const known = actors.slice(0, actors.indexOf(actor)).map(({ sessionId }) => sessionId);
    if (actor.parentId !== undefined) expect(known).toContain(actor.parentId);
  }
  const process = actors.find(({ name }) => name === "process:0");
  const definition = JSON.parse(process?.definition ?? "{}") as { states: object };
  expect(Object.keys(definition.states)).toContain("waiting");
  expect(process?.snapshot.value).toMatchObject({ alive: {} });

  await home.ok("stop", "o");
  await until("the stop", () =>
    late.events.some(
      (event) => event.type === "@xstate.snapshot" && event.event.type === "child.exited",
    ),
  );
  const own = late.events.filter(({ sessionId }) => sessionId === process?.sessionId);
  const told = own.flatMap((event) => (event.type === "@xstate.event" ? [event.event.type] : []));
  // On a slow machine the life may become a stable one meanwhile.
  const ofTheStop = told.filter((type) => !type.startsWith("xstate.after."));
  expect(ofTheStop).toEqual(["stop", "child.signalled", "child.exited"]);
  const last = own.findLast((event) => event.type === "@xstate.snapshot");
  expect((last as { snapshot?: { value: unknown } } | undefined)?.snapshot?.value).toEqual({
    stopped: "resting",
  });
  expect(first.events.filter(({ type }) => type === "@xstate.snapshot").length).toBeGreaterThan(0);
  for (const event of [...first.events, ...late.events]) expect(event._version).toBe("0.7.2");

  const address = `ws://127.0.0.1:${inspector.port}/inspector/stately`;
  const refused = (url: string, headers: Record<string, string> = {}): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(url, { headers });
      socket.on("error", ({ message }) => resolve(message));
      socket.on("open", () => resolve("open"));
    });
  expect([
    await refused(address),
    await refused(`${address}?token=wrong`),
    await refused(`${address}?token=${inspector.token}`, { origin: "https://stately.ai" }),
    await refused(`${address}?token=${inspector.token}`, { host: "evil.example" }),
  ]).toEqual(Array.from({ length: 4 }, () => "Unexpected server response: 403"));
});

test("God's memory does not grow with what viewers that never read miss", async () => {
  const home = testHome();
  // Each transition is told in 50 KB, so that the kernel's own buffers are soon full.
  const env = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, n) => [`A_VARIABLE_WITH_A_LONG_NAME_${n}`, "x"]),
  );
  const script = program("stays.js");
  const apps = {
    apps: Array.from({ length: 10 }, (_, n) => ({ name: `s${n}`, script, env })),
  };
  await home.ok("start", home.file("many.json", JSON.stringify(apps)));
  const { port, token } = await openInspector(home);
  const client = home.client();
  const ids = apps.apps.map((_, id) => id);
  const makeTraffic = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      for await (const _ of client.act({ action: "reset", ids, by: "a test" })) continue;
    }
  };
  const rss = async (): Promise<number> => (await client.daemon()).memoryBytes;
  await makeTraffic(100);
  const before = await rss();

  const head = [`host: 127.0.0.1:${port}`, `authorization: Bearer ${token}`];
  const webSocket = [
    "connection: upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
  ];
  const sockets = Array.from({ length: 10 }, (_, n) => {
    const tool = n % 4 === 1 ? "stately" : "xstate";
    const [path, more] = n % 2 === 0 ? ["live?process=0", []] : [tool, webSocket];
    const socket = connect(port, "127.0.0.1");
    socket.pause();
    socket.write([`GET /inspector/${path} HTTP/1.1`, ...head, ...more, "", ""].join("\r\n"));
    return socket;
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await until("ten viewers", async () => (await client.inspector()).viewers === 10);
  // Each would be told 50 MB and more, of which the kernel takes at most half: God would have to hold the rest. What
  // a page is told of machines and metrics is replaced by what follows; a tool is told all, and is cut off.
  await makeTraffic(1_000);
  expect((await client.inspector()).viewers).toBe(5);
  expect((await rss()) - before).toBeLessThan(80 * 2 ** 20);
});

/** Attaches with the receiver of `@statelyai/inspect` itself; resolves once every actor was introduced. */
async function attach(
  inspector: TestInspector,
): Promise<{ events: StatelyInspectionEvent[]; frames: string[] }> {
  const server = `ws://127.0.0.1:${inspector.port}/inspector/stately?token=${inspector.token}`;
  const events: StatelyInspectionEvent[] = [];
  const frames: string[] = [];
  createWebSocketReceiver({ server }).subscribe((event) => {
    events.push(event);
    frames.push(JSON.stringify(event));
  });
  await until("a process to be introduced", () =>
    events.some((event) => event.type === "@xstate.actor" && event.name.startsWith("process:")),
  );
  return { events, frames };
}
