import { expect, test } from "vitest";
import type { NotifySpec } from "../../../../machines/notify-spec.ts";
import type { Message, Notice } from "../../../../runtime/contract/notify.ts";
import type { Sent } from "../../../../runtime/host/notify/sent.ts";
import type { Kept } from "../../../../runtime/programs/notifier/kept.ts";
import { createOutbox } from "../../../../runtime/programs/notifier/outbox.ts";

const sent: Sent = { isSent: true, why: "HTTP 200", isFinal: true };
const broken: Sent = { isSent: false, why: "HTTP 500", isFinal: false };

const rule = (more: Partial<NotifySpec> = {}, url = "https://a.example/x"): NotifySpec => ({
  on: ["crash"],
  target: { kind: "webhook", url, headers: {} },
  after: 1,
  minIntervalMs: 0,
  digest: false,
  ...more,
});

const notice = (id: string, at: number): Notice => ({
  id,
  event: "crash",
  at,
  host: "h",
  app: "api",
  namespace: "default",
  process: 0,
  sentence: "",
  exit: null,
  restarts: 0,
  lines: [],
});

/** An outbox on a clock of its own, and what its targets got. */
function setUp(kept: Kept = { cursor: 0, rules: {}, pending: [] }) {
  const got: { url: string; message: Message; at: number }[] = [];
  const told: string[] = [];
  const saved: string[] = [];
  const state = { now: 1_000_000, answer: sent };
  const outbox = createOutbox({
    kept,
    save: () => void saved.push(JSON.stringify(kept)),
    send: ({ target }, message) => {
      // What is on the disk at this instant would survive a kill.
      expect(saved.at(-1)).toContain(message.id);
      got.push({ url: "url" in target ? target.url : "", message, at: state.now });
      return Promise.resolve(state.answer);
    },
    tell: (line) => void told.push(line),
    now: () => state.now,
    wake: () => {},
  });
  /** Sends all that becomes due until a time has passed. */
  const pass = async (ms: number): Promise<void> => {
    const end = state.now + ms;
    for (;;) {
      const nextMs = outbox.pump();
      await new Promise((resolve) => setImmediate(resolve));
      if (outbox.pump() === 0) continue;
      const next = state.now + Math.max(1, Math.min(nextMs, outbox.pump(), end - state.now));
      if (next >= end) break;
      state.now = next;
    }
    state.now = end;
    outbox.pump();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { outbox, got, told, state, pass, kept };
}

test("a message is tried again after 1, 2, 4 … s, marked, ten times at most, and then given up", async () => {
  const { outbox, got, told, state, pass, kept } = setUp();
  state.answer = broken;
  outbox.offer("api", rule(), notice("1", state.now));
  await pass(2 * 3_600_000);
  expect(got.map(({ message }) => message.repeated)).toEqual([false, ...Array<boolean>(9).fill(true)]);
  const waits = got.slice(1).map(({ at }, index) => Math.round((at - (got[index]?.at ?? 0)) / 1_000));
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256]);
  expect(kept.pending).toEqual([]);
  expect(told).toEqual([
    "a notice for webhook a.example was not sent (HTTP 500); it is tried again",
    "a notice for webhook a.example was not sent (HTTP 500); given up",
  ]);
}); // prettier-ignore

test("an answer that is final is not tried again", async () => {
  const { outbox, got, state, pass } = setUp();
  state.answer = { isSent: false, why: "HTTP 404", isFinal: true };
  outbox.offer("api", rule(), notice("1", state.now));
  await pass(60_000);
  expect(got).toHaveLength(1);
});

test("behind a message that fails the target's others wait in their order; other targets do not", async () => {
  const { outbox, got, state, pass } = setUp();
  state.answer = broken;
  outbox.offer("api", rule(), notice("1", state.now));
  outbox.offer("api", rule(), notice("2", state.now));
  await pass(500);
  state.answer = sent;
  outbox.offer("api", rule({}, "https://b.example"), notice("3", state.now));
  await pass(5_000);
  expect(got.map(({ url, message }) => [url.slice(8, 9), message.notices[0]?.id])).toEqual([
    ["a", "1"],
    ["b", "3"],
    ["a", "1"],
    ["a", "2"],
  ]);
});

test("what a notifier before has begun is marked as repeated, what it had not begun is not", async () => {
  const before = setUp();
  before.state.answer = broken;
  before.outbox.offer("api", rule(), notice("1", before.state.now));
  before.outbox.offer("api", rule(), notice("2", before.state.now));
  await before.pass(1);
  const { got, pass } = setUp(JSON.parse(JSON.stringify(before.kept)) as Kept);
  await pass(10_000);
  expect(got.map(({ message }) => [message.notices[0]?.id, message.repeated])).toEqual([
    ["1", true],
    ["2", false],
  ]);
});

test("within the interval nothing is sent; the next message says how many were left out", async () => {
  const { outbox, got, state, pass } = setUp();
  const limited = rule({ minIntervalMs: 60_000 });
  for (const id of ["1", "2", "3"]) outbox.offer("api", limited, notice(id, state.now));
  await pass(60_000);
  outbox.offer("api", limited, notice("4", state.now));
  await pass(1_000);
  expect(got.map(({ message }) => [message.notices[0]?.id, message.leftOut])).toEqual([
    ["1", 0],
    ["4", 2],
  ]);
});

test("a digest holds what happens within the interval, a hundred events at most", async () => {
  const { outbox, got, state, pass } = setUp();
  const digest = rule({ minIntervalMs: 60_000, digest: true });
  for (let id = 0; id < 200; id += 1) outbox.offer("api", digest, notice(`${id}`, state.now));
  await pass(120_000);
  expect(got.map(({ message }) => [message.notices.length, message.leftOut])).toEqual([
    [1, 0],
    [100, 99],
  ]);
});

test("after counts the events of one app within ten minutes", async () => {
  const { outbox, got, state, pass } = setUp();
  const third = rule({ after: 3 });
  const offer = (app: string, id: string): void => outbox.offer(app, third, notice(id, state.now));
  offer("api", "1");
  await pass(9 * 60_000);
  offer("api", "2");
  offer("web", "other");
  await pass(2 * 60_000);
  offer("api", "3");
  await pass(1_000);
  expect(got).toEqual([]);
  offer("api", "4");
  await pass(1_000);
  expect(got.map(({ message }) => message.notices[0]?.id)).toEqual(["4"]);
});

test("a clock that is set back by a day makes no message wait for a day", async () => {
  const { outbox, got, state, pass } = setUp();
  state.answer = broken;
  outbox.offer("api", rule(), notice("1", state.now));
  await pass(10);
  state.now -= 24 * 3_600_000;
  state.answer = sent;
  await pass(10);
  expect(got).toHaveLength(2);
});

test("a thousand messages are kept for a target that is away, the latest", async () => {
  const { outbox, kept, state, told, pass } = setUp();
  state.answer = broken;
  outbox.offer("api", rule(), notice("0", state.now));
  await pass(10);
  for (let id = 1; id <= 1_100; id += 1) outbox.offer("api", rule(), notice(`${id}`, state.now));
  expect(kept.pending).toHaveLength(1_000);
  expect(kept.pending.at(-1)?.message.notices[0]?.id).toBe("1100");
  expect(told).toContain("more than 1000 notices wait for webhook a.example: dropped the oldest");
});
