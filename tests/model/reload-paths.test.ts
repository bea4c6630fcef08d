import { createActor, createEmptyActor, type AnyStateNode } from "xstate";
import { getShortestPaths } from "xstate/graph";
import { expect, test } from "vitest";
import { reloadFactsOf, reloadMachine } from "../../machines/reload.ts";
import type { ReloadEvent, ReloadInput } from "../../machines/reload-events.ts";
import { transitionKey } from "../support/machines/simulated-process.ts";

const at = 5;
const ids = [0, 1];

const inputs: Readonly<Record<string, Partial<ReloadInput>>> = {
  "one at a time": {},
  "both at once": { concurrency: 2 },
  forced: { force: true },
};

const events: ReloadEvent[] = ids.flatMap((id): ReloadEvent[] => [
  { type: "process.ready", at, id, isLate: false, isExpected: false },
  { type: "process.ready", at, id, isLate: true, isExpected: false },
  { type: "process.ready", at, id, isLate: true, isExpected: true },
  { type: "process.ended", at, id, reason: "exited with code 1" },
  { type: "process.gone", at, id },
  { type: "process.takenOut", at, id, isLeaving: false },
  { type: "process.takenOut", at, id, isLeaving: true },
]);

function inputOf(change: Partial<ReloadInput>): ReloadInput {
  return {
    key: "app",
    by: "a test",
    at: 0,
    ids,
    concurrency: 1,
    surge: true,
    force: false,
    listenTimeoutMs: 3_000,
    resume: null,
    owner: createEmptyActor(),
    ...change,
  };
}

/** Plays events on a real actor; `taken` collects the transitions. */
function play(input: ReloadInput, path: readonly ReloadEvent[], taken: Set<string>) {
  const actor = createActor(reloadMachine, {
    input,
    inspect: (event) => {
      if (event.type !== "@xstate.microstep") return;
      for (const transition of event._transitions) taken.add(transitionKey(transition));
    },
  });
  actor.start();
  for (const event of path) actor.send(event);
  return actor;
}

/** Every process is answered for, as the app answers in the end. */
function answerAll(actor: ReturnType<typeof play>): void {
  for (let turn = 0; turn < 20 && actor.getSnapshot().status === "active"; turn += 1) {
    for (const id of ids) {
      for (const type of ["process.ready", "process.gone"] as const) {
        if (actor.getSnapshot().status !== "active") return;
        actor.send({ type, at, id, isLate: false, isExpected: false });
      }
    }
  }
}

test("every path ends, takes each process once, and the paths take every transition", () => {
  const taken = new Set<string>();
  for (const change of Object.values(inputs)) {
    const input = inputOf(change);
    const paths = getShortestPaths(reloadMachine, {
      input,
      events,
      serializeState: ({ value, context }) =>
        JSON.stringify([value, context.pending, context.batch, context.failure !== null]),
      filterEvents: ({ status }) => status === "active",
    });
    expect(paths.length).toBeGreaterThan(10);
    for (const { steps } of paths) {
      const path = steps
        .map(({ event }) => event)
        .filter(({ type }) => !type.startsWith("xstate."));
      for (const event of [undefined, ...events]) {
        const actor = play(input, event === undefined ? path : [...path, event], taken);
        answerAll(actor);
        const { done, takenOut, pending, batch, failure, step } = reloadFactsOf(actor);
        expect(["succeeded", "failed"]).toContain(step);
        expect(step === "failed").toBe(failure !== null);
        expect(batch).toEqual([]);
        const all = [...done, ...takenOut, ...pending];
        expect(new Set(all).size, "each process is counted once").toBe(all.length);
        if (failure === null) expect(all.toSorted((a, b) => a - b)).toEqual(ids);
      }
    }
  }
  for (const step of ["draining", "failing", "launching"] as const) {
    const before = reloadFactsOf(play(inputOf({}), [], new Set()));
    const resume = { ...before, step };
    answerAll(play(inputOf({ ids: [], resume }), [], taken));
  }
  const missing = allTransitions(reloadMachine.root).filter((key) => !taken.has(key));
  expect(missing).toEqual([]);
});

test("a daemon that follows finishes what is left, and nothing twice", () => {
  for (const path of [[], events.slice(0, 1), [...events.slice(0, 1), ...events.slice(4, 5)]]) {
    const first = play(inputOf({}), path, new Set());
    const resume = reloadFactsOf(first);
    const next = play(inputOf({ ids: [], resume }), [], new Set());
    answerAll(next);
    expect(reloadFactsOf(next)).toMatchObject({ step: "succeeded", done: ids, startedAt: 0 });
  }
});

function allTransitions(node: AnyStateNode): string[] {
  const own = [...node.transitions.values()].flat().concat(node.always ?? []);
  return [...own.map(transitionKey), ...Object.values(node.states).flatMap(allTransitions)];
}
