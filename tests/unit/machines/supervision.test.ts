import { createActor, fromCallback, fromPromise, SimulatedClock } from "xstate";
import { expect, test } from "vitest";
import { appMachine, type NewProcess } from "../../../machines/app.ts";
import { godMachine, type DeclaredApp } from "../../../machines/god.ts";
import { processMachine } from "../../../machines/process.ts";
import type { LaunchInput, ToChild } from "../../../machines/process-events.ts";
import { appSpec } from "../../support/machines/spec.ts";

/** A whole tree over children that do what they are told at once. */
function startGod(options: { restored?: readonly DeclaredApp[]; breaks?: Set<number> } = {}) {
  const told: string[] = [];
  const clock = new SimulatedClock();
  const process = processMachine.provide({
    actors: {
      childProcess: fromCallback<ToChild, LaunchInput>(({ sendBack, receive, input }) => {
        told.push(`spawn ${input.id}`);
        const at = clock.now();
        receive(({ type }) => {
          told.push(`${type} ${input.id}`);
          if (type === "stop") sendBack({ type: "child.exited", at, code: 0, signal: null });
        });
        const pid = 100 + input.id;
        sendBack({ type: "child.spawned", at, child: { pid, startTicks: 1, lifeId: "l", at } });
        return () => void told.push(`release ${input.id}`);
      }),
      sensors: fromCallback(() => {}),
    },
    actions: {
      resetCounters: ({ context }) => {
        if (options.breaks?.has(context.id) === true) throw new Error("a fault of ours");
      },
    },
  });
  const app = appMachine.provide({ actors: { process, sensors: fromCallback(() => {}) } });
  const apps = options.restored ?? [];
  const god = createActor(
    godMachine.provide({
      actors: { app, restore: fromPromise(() => Promise.resolve({ at: 0, apps })) },
    }),
    { clock },
  );
  const gone: string[] = [];
  god.on("app.gone", ({ key }) => gone.push(key));
  god.start();
  const declare = (key: string, ids: readonly number[]): void =>
    god.send({
      type: "app.declare",
      at: 0,
      apps: [{ key, spec: appSpec(), processes: ids.map(fresh) }],
    });
  const command = (key: string, ids: readonly number[], type: "stop" | "remove" | "reset"): void =>
    god.send({ type: "processes.command", key, ids, command: { type, at: 0, by: "a test" } });
  const idsOf = (key: string): number[] =>
    Object.keys(god.getSnapshot().context.apps.get(key)?.getSnapshot().context.processes ?? {}).map(
      Number,
    );
  const running = new Promise<void>((resolve) => {
    god.subscribe((snapshot) => snapshot.matches("running") && resolve());
  });
  return { god, told, gone, declare, command, idsOf, running };
}

const fresh = (id: number): NewProcess => ({ id, instance: id, seed: 1, resume: null });

test("God restores what was declared before", async () => {
  const restored = [{ key: "a", spec: appSpec(), processes: [fresh(0), fresh(1)] }];
  const { told, idsOf, running } = startGod({ restored });
  await running;
  expect([idsOf("a"), told]).toEqual([
    [0, 1],
    ["spawn 0", "spawn 1"],
  ]);
});

test("an app whose last process is removed is forgotten, and the others are not", async () => {
  const { god, declare, command, idsOf, gone, running } = startGod();
  await running;
  declare("a", [0, 1]);
  declare("b", [2]);
  command("a", [0], "remove");
  expect([idsOf("a"), gone]).toEqual([[1], []]);
  command("a", [1], "remove");
  expect([[...god.getSnapshot().context.apps.keys()], gone]).toEqual([["b"], ["a"]]);
});

test("an app grows by processes of its own, and a known id is not doubled", async () => {
  const { god, declare, idsOf, told, running } = startGod();
  await running;
  declare("a", [0]);
  god.send({ type: "app.scaleUp", at: 0, key: "a", processes: [fresh(0), fresh(1)] });
  expect([idsOf("a"), told]).toEqual([
    [0, 1],
    ["spawn 0", "spawn 1"],
  ]);
});

test("a process machine that breaks is made anew from its facts, three times at most, and its siblings do not notice", async () => {
  const { declare, command, idsOf, told, running, god } = startGod({ breaks: new Set([1]) });
  await running;
  declare("a", [0, 1]);
  const broken: boolean[] = [];
  god
    .getSnapshot()
    .context.apps.get("a")
    ?.on("broken", ({ revived }) => broken.push(revived));
  for (let fault = 0; fault < 3; fault += 1) command("a", [1], "reset");
  expect([idsOf("a"), broken]).toEqual([
    [0, 1],
    [true, true, true],
  ]);
  command("a", [1], "reset");
  expect([idsOf("a"), broken.at(-1)]).toEqual([[0], false]);
  expect(told.filter((line) => line.endsWith(" 0"))).toEqual(["spawn 0"]);
});

test("shutting down stops and removes every process before God is down", async () => {
  const { god, declare, told, running } = startGod();
  await running;
  declare("a", [0]);
  declare("b", [1]);
  god.send({ type: "shutDown", at: 0, by: "a test" });
  expect([god.getSnapshot().value, god.getSnapshot().status]).toEqual(["down", "done"]);
  expect(told).toEqual(["spawn 0", "spawn 1", "stop 0", "release 0", "stop 1", "release 1"]);
});

test("handing over lets go of every child and tells none to end", async () => {
  const { god, declare, told, running } = startGod();
  await running;
  declare("a", [0, 1]);
  god.send({ type: "handOver", at: 0 });
  expect([god.getSnapshot().value, god.getSnapshot().status]).toEqual(["handedOver", "done"]);
  expect(told).toEqual(["spawn 0", "spawn 1", "release 0", "release 1"]);
});

/** How many entries of God's children are copied while apps are declared and go again. */
async function copiesOf(count: number): Promise<number> {
  const { god, command, running } = startGod();
  await running;
  let copied = 0;
  let before = god.getSnapshot().children;
  god.subscribe(({ children }) => {
    if (children !== before) copied += Object.keys(children).length;
    before = children;
  });
  const keys = Array.from({ length: count }, (_, n) => `app-${n}`);
  const apps = keys.map((key, id) => ({ key, spec: appSpec(), processes: [fresh(id)] }));
  god.send({ type: "app.declare", at: 0, apps });
  for (const [id, key] of keys.entries()) command(key, [id], "remove");
  expect([god.getSnapshot().context.apps.size, Object.keys(god.getSnapshot().children)]).toEqual([
    0,
    [],
  ]);
  return copied;
}

test("declaring many apps at once and removing them copies each a fixed number of times, however many there are", async () => {
  const [few, many] = [await copiesOf(20), await copiesOf(200)];
  expect(few).toBeGreaterThan(0);
  expect(many).toBe(few * 10);
});

test("of two apps declared with one key at once the first is kept, and one that is known stays", async () => {
  const { god, declare, idsOf, running } = startGod();
  await running;
  declare("a", [0]);
  const app = (key: string, id: number): DeclaredApp => ({
    key,
    spec: appSpec(),
    processes: [fresh(id)],
  });
  god.send({ type: "app.declare", at: 0, apps: [app("a", 1), app("b", 2), app("b", 3)] });
  expect([idsOf("a"), idsOf("b"), god.getSnapshot().context.latest.declared]).toEqual([
    [0],
    [2],
    ["b"],
  ]);
});
