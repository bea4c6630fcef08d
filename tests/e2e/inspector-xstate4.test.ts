import type { AnyState } from "xstate4";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { openInspector, type TestInspector } from "../support/inspector.ts";
import { xstate4Receiver, type ReceivedEvent } from "../support/inspector/xstate4.ts";
import { program } from "../support/programs.ts";

const addressOf = ({ port, token }: TestInspector): string =>
  `127.0.0.1:${port}/inspector/xstate?token=${token}`;

/** All that the package's own receiver understood, in order. */
async function attach(inspector: TestInspector) {
  const createReceiver = await xstate4Receiver();
  const events: ReceivedEvent[] = [];
  createReceiver({ server: addressOf(inspector) }).subscribe((event) => events.push(event));
  const registered = () => events.filter((event) => event.type === "service.register");
  const service = (id: string) =>
    until(`${id} to be registered`, () => registered().findLast((each) => each.id === id));
  const statesOf = (sessionId: string): AnyState[] =>
    events.flatMap((event) =>
      event.type === "service.state" && event.sessionId === sessionId ? [event.state] : [],
    );
  return { events, registered, service, statesOf };
}

test("the receiver of @xstate/inspect sees a crash loop go by, in every state and by every event", async () => {
  const home = testHome();
  // A life is an unstable one however slow the machine is.
  const flags = ["--restart-delay", "20", "--min-uptime", "60000"];
  await home.ok("start", program("crashes.js"), "--name", "c", "--no-autostart", ...flags);
  const inspector = await openInspector(home);
  const { events, service, statesOf } = await attach(inspector);
  const { sessionId, machine, state, parent } = await service("process:0");
  expect(machine.getStateNodes(state.value).map(({ id }) => id)).toContain(
    "process.stopped.resting",
  );
  const god = await service("god");
  const app = await service("app:c");
  expect([god.parent, app.parent, parent]).toEqual([undefined, god.sessionId, app.sessionId]);

  await home.ok("restart", "c");
  await until("the end", () => statesOf(sessionId).at(-1)?.value === "errored", {
    saw: () => statesOf(sessionId).at(-1)?.value,
  });
  const seen = statesOf(sessionId).map((each) => {
    // XState 4 knows each of them, and by the tag that the process is shown with.
    const nodes = machine.getStateNodes(machine.resolveState(each));
    const deepest = nodes.filter(({ type }) => type === "atomic").map(({ id }) => id);
    const [status = ""] = each.tags;
    expect(each.hasTag(status)).toBe(true);
    return `${status}: ${deepest.join(" ")}`;
  });
  const online = [
    "process.alive.online.hooks.done",
    "process.alive.online.bonds.free",
    "process.alive.online.uptime.fresh",
    "process.alive.online.sensors.off",
  ].join(" ");
  const life = ["starting: process.alive.starting", `online: ${online}`];
  const moves = seen.filter((each, n) => each !== seen[n - 1]);
  expect(moves).toEqual([
    ...Array.from({ length: 15 }, () => [...life, "waiting: process.waiting"]).flat(),
    ...life,
    "errored: process.errored",
  ]);
  const own = events.flatMap((event) =>
    event.type === "service.event" && event.sessionId === sessionId ? [event.event.name] : [],
  );
  const wait = "xstate.after(restartDelay)#process.waiting";
  const [restart, spawned, exited] = ["restart", "child.spawned", "child.exited"];
  const lives = Array.from({ length: 15 }, () => [spawned, exited, wait]).flat();
  expect(own).toEqual([restart, ...lives, spawned, exited]);
  expect(own.filter((name) => !machine.events.includes(name))).toEqual([]);
  expect(statesOf(sessionId).at(-1)?.context).toMatchObject({ id: 0, unstableRestarts: 16 });

  await home.ok("delete", "c");
  const stopped = () =>
    events.flatMap((event) => (event.type === "service.stop" ? [event.sessionId] : []));
  await until("both to be stopped", () => stopped().length === 2, { saw: stopped });
  expect(stopped().toSorted()).toEqual([app.sessionId, sessionId].toSorted());
});

test("all four machines are registered, those of a reload when it begins", async () => {
  const home = testHome();
  await home.ok("start", program("obeys.js"), "--name", "o");
  const { events, registered, service, statesOf } = await attach(await openInspector(home));
  await service("process:0");
  await home.ok("reload", "o");
  const reload = await service("reload");
  await until("its end", () =>
    events.some(({ type, sessionId }) => type === "service.stop" && sessionId === reload.sessionId),
  );
  expect(statesOf(reload.sessionId).at(-1)).toMatchObject({ value: "succeeded", done: true });
  expect(new Set(registered().map(({ machine }) => machine.id))).toEqual(
    new Set(["god", "app", "process", "reload"]),
  );
  for (const { machine, state } of registered()) {
    expect(machine.getStateNodes(state.value).length).toBeGreaterThan(1);
  }
  // Nothing is told of a service that was not registered before.
  const known = new Set<string>();
  for (const { type, sessionId } of events) {
    if (type === "service.register") known.add(sessionId);
    expect(known).toContain(sessionId);
  }
});

test("it lets in who has a token, and tells no value of an environment", async () => {
  const home = testHome();
  const secret = "swordfish-7391";
  const run = (name: string) =>
    home.run(["start", program("obeys.js"), "--name", name], { env: { A_PASSWORD: secret } });
  await run("o");
  const inspector = await openInspector(home);
  const refused = (address: string, headers: Record<string, string> = {}): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`ws://${address}`, { headers });
      socket.on("error", ({ message }) => resolve(message));
      socket.on("open", () => resolve("open"));
    });
  const address = addressOf(inspector);
  const answers = [
    await refused(address.replace(/\?.*/, "")),
    await refused(address.replace(/=.*/, "=wrong")),
    await refused(address, { origin: "https://stately.ai" }),
    await refused(address, { host: "evil.example" }),
    await refused(address.replace("xstate", "other")),
  ];
  expect(answers).toEqual(
    [403, 403, 403, 403, 404].map((status) => `Unexpected server response: ${status}`),
  );

  const socket = new WebSocket(`ws://${address}`);
  const frames: string[] = [];
  socket.on("message", (data: Buffer) => frames.push(data.toString()));
  await run("p");
  await until("the declaration", () => frames.some((each) => each.includes("app.declare")));
  await until("its process", () => frames.some((each) => each.includes('"id":"process:1"')));
  socket.close();
  expect(frames.filter((each) => each.includes(secret))).toEqual([]);
  expect(frames.join()).toContain(String.raw`\"A_PASSWORD\":\"[hidden]\"`);
});
