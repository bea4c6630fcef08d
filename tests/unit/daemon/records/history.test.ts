import { appendFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { HistoryQuery } from "../../../../runtime/daemon/records/read.ts";
import { openHistory, type History } from "../../../../runtime/daemon/records/history.ts";
import {
  decodeRecord,
  encodeRecord,
  historyEntry,
  type HistoryEntry,
  type HistoryRecord,
} from "../../../../runtime/contract/history.ts";
import { testFolder } from "../../../support/folder.ts";

const entry = (id: number, at: number, more: Partial<HistoryEntry> = {}): HistoryEntry =>
  historyEntry({ at, kind: "process", event: "child.exited", id, name: "api", ...more });

function open(folder: string, limits: { segmentBytes?: number; mostBytes?: number } = {}): History {
  return openHistory({ folder, now: () => Date.now(), log: () => {}, ...limits });
}

test("records are numbered on over daemons, and a line that a kill has cut costs itself alone", async () => {
  const { path } = testFolder();
  const folder = join(path, "history");
  const first = open(folder);
  first.append(entry(0, 1));
  first.append(entry(1, 2, { pid: 7, states: "alive.starting" }));
  first.flush();
  appendFileSync(join(folder, readdirSync(folder)[0] ?? ""), '{"seq":3,"at":3,"eve');
  const second = open(folder);
  second.append(entry(0, 4));
  expect(await second.find({})).toEqual([
    { ...entry(0, 1), seq: 1 },
    { ...entry(1, 2, { pid: 7, states: "alive.starting" }), seq: 2 },
    { ...entry(0, 4), seq: 3 },
  ]);
});

test("it is read by number, time, process and count", async () => {
  const history = open(join(testFolder().path, "history"), { segmentBytes: 300 });
  for (let n = 1; n <= 20; n += 1) {
    history.append(entry(n % 2, n * 10));
    history.flush();
  }
  const seqs = async (query: HistoryQuery): Promise<number[]> =>
    (await history.find(query)).map(({ seq }) => seq);
  expect(await seqs({ afterSeq: 17 })).toEqual([18, 19, 20]);
  expect(await seqs({ since: 185 })).toEqual([19, 20]);
  expect(await seqs({ ids: [1], limit: 3 })).toEqual([15, 17, 19]);
  expect(await seqs({ limit: 2 })).toEqual([19, 20]);
});

test("a reload belongs to its processes, and a daemon's start to everyone's history", async () => {
  const history = open(join(testFolder().path, "history"));
  const reload = { by: "x", done: 0, total: 1, ids: [4], failure: null };
  history.append(historyEntry({ at: 1, kind: "daemon", event: "started" }));
  history.append(historyEntry({ at: 2, kind: "reload", event: "reload.launching", reload }));
  expect((await history.find({ ids: [4] })).map(({ seq }) => seq)).toEqual([1, 2]);
  expect((await history.find({ ids: [5] })).map(({ seq }) => seq)).toEqual([1]);
});

test("it is bounded by size and by age", async () => {
  const folder = join(testFolder().path, "history");
  const history = open(folder, { segmentBytes: 200, mostBytes: 1_000 });
  for (let n = 0; n < 100; n += 1) {
    history.append(entry(0, n));
    history.flush();
  }
  expect(readdirSync(folder).length).toBeLessThanOrEqual(6);
  expect((await history.find({})).at(-1)?.seq).toBe(100);
  const old = new Date(Date.now() - 15 * 24 * 3_600_000);
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), old, old);
  for (let n = 0; n < 10; n += 1) {
    history.append(entry(0, n));
    history.flush();
  }
  expect((await history.find({}))[0]?.seq).toBeGreaterThan(98);
});

test("a history that cannot be written is said once, goes on without, and its end is said", async () => {
  const { put } = testFolder();
  const lines: string[] = [];
  const folder = put("history", "a file is in the way");
  const history = openHistory({ folder, now: () => 0, log: (line) => lines.push(line) });
  for (let n = 0; n < 3; n += 1) {
    history.append(entry(0, n));
    history.flush();
  }
  expect([lines.length, history.lastSeq, await history.find({})]).toEqual([1, 3, []]);
  rmSync(folder);
  for (let n = 0; n < 2; n += 1) {
    history.append(entry(0, n));
    history.flush();
  }
  expect(lines).toEqual([
    expect.stringContaining("the history cannot be written"),
    "the history can be written again",
  ]);
  expect((await history.find({})).map(({ seq }) => seq)).toEqual([4, 5]);
});

test("listeners hear each record once, as it happens", () => {
  const history = open(join(testFolder().path, "history"));
  const heard: number[] = [];
  const stop = history.subscribe(({ seq }) => heard.push(seq));
  history.append(entry(0, 1));
  history.append(entry(0, 2));
  stop();
  history.append(entry(0, 3));
  expect(heard).toEqual([1, 2]);
});

test("the last records before a moment are read from the file that holds them alone", async () => {
  const folder = join(testFolder().path, "history");
  const history = open(folder, { segmentBytes: 300 });
  for (let n = 1; n <= 40; n += 1) {
    history.append(entry(n % 4, n * 10));
    history.flush();
  }
  const seqs = async (query: HistoryQuery): Promise<number[]> =>
    (await history.find(query)).map(({ seq }) => seq);
  expect(await seqs({ beforeSeq: 20, limit: 3 })).toEqual([17, 18, 19]);
  expect(await seqs({ until: 200, limit: 2 })).toEqual([19, 20]);
  expect(await seqs({ since: 150, until: 180 })).toEqual([15, 16, 17, 18]);
  expect(await seqs({ ids: [3], beforeSeq: 20, limit: 2 })).toEqual([15, 19]);
  // Files after it and long before it may be damaged: they are not looked at.
  const files = readdirSync(folder).sort();
  const holding = files.findLastIndex((name) => Number(name.slice(0, 12)) <= 19);
  for (const [index, name] of files.entries()) {
    if (index !== holding && index !== holding - 1) writeFileSync(join(folder, name), "damaged\n");
  }
  expect(await seqs({ beforeSeq: 20, limit: 1 })).toEqual([19]);
});

test("a scan in the background gives the same, forwards and back", async () => {
  const history = open(join(testFolder().path, "history"), { segmentBytes: 300 });
  for (let n = 1; n <= 40; n += 1) {
    history.append(entry(0, n * 10));
    history.flush();
  }
  const scanned = async (back: boolean): Promise<number[]> => {
    const seqs: number[] = [];
    for await (const batch of history.scan({ since: 100, until: 200 }, { back })) {
      seqs.push(...batch.map(({ seq }) => seq));
    }
    return seqs;
  };
  const expected = Array.from({ length: 11 }, (_, n) => 10 + n);
  expect(await scanned(false)).toEqual(expected);
  expect(await scanned(true)).toEqual(expected.toReversed());
});

test("every field of a record is in its line, and comes back from it", () => {
  const exit = { at: 1, code: 1, signal: null, uptimeMs: 5, askedBy: null };
  const whole: Required<HistoryRecord> = {
    seq: 7,
    at: 3,
    kind: "reload",
    id: 4,
    generation: 2,
    app: 'a"b',
    name: "n\n",
    event: "e",
    states: "s t",
    revision: { from: null, to: "a1" },
    status: "errored",
    pid: 9,
    restarts: 1,
    unstableRestarts: 3,
    exit,
    decision: {
      at: 1,
      rule: "wantsStop",
      next: "stop",
      exit,
      saw: { goal: "stop" },
      delayMs: 0,
      sentence: "x",
    },
    reload: { by: "b", done: 0, total: 1, ids: [4], failure: null },
    by: "who",
    sensor: "cron",
    version: "1.0.0",
    goal: "stop",
    readiness: "late",
    restartAt: 5,
    killAt: 6,
    judgement: { goal: "stop" } as HistoryRecord["judgement"],
    startedAt: 7,
    backoffMs: 150,
    failure: { at: 8, code: "ENOENT", message: "no such file" },
    createdAt: 9,
    context: { apps: ["a"] },
    cause: { event: "process.ready", id: 4 },
    guards: [{ guard: "batchIsReady", result: true, saw: { ready: 1 } }],
  };
  const line = encodeRecord(whole);
  expect(Object.keys(JSON.parse(line) as object).sort()).toEqual(Object.keys(whole).sort());
  expect(decodeRecord(line)).toEqual(whole);
  const bare = historyEntry({ at: 1, kind: "daemon", event: "started" });
  expect(encodeRecord(bare)).toBe('{"seq":0,"at":1,"kind":"daemon","event":"started"}\n');
  expect(decodeRecord(encodeRecord(bare))).toEqual(bare);
});

test("it is read by kind and by app; what God and daemons did is of every app", async () => {
  const history = open(join(testFolder().path, "history"), { segmentBytes: 400 });
  const reload = { by: "x", done: 0, total: 1, ids: [4], failure: null };
  const put = (kind: HistoryEntry["kind"], app: string, more: Partial<HistoryEntry> = {}): void => {
    history.append(historyEntry({ at: history.lastSeq + 1, kind, event: "e", app, ...more }));
    history.flush();
  };
  put("daemon", "");
  put("god", "");
  put("app", "a", { context: { processes: [4, 5] } });
  put("process", "a", { id: 4 });
  put("app", "b", { context: { processes: [6] } });
  put("reload", "a", { reload });
  put("process", "b", { id: 6 });
  const seqsOf = async (query: HistoryQuery): Promise<number[]> =>
    (await history.find(query)).map(({ seq }) => seq);
  expect(await seqsOf({ kinds: ["app", "reload"] })).toEqual([3, 5, 6]);
  expect(await seqsOf({ apps: ["a"] })).toEqual([1, 2, 3, 4, 6]);
  expect(await seqsOf({ apps: ["a"], kinds: ["app", "reload"] })).toEqual([3, 6]);
  expect(await seqsOf({ ids: [5] })).toEqual([1, 2, 3]);
  expect(await seqsOf({ kinds: ["process"], limit: 1 })).toEqual([7]);
  expect(await seqsOf({ kinds: ["god"], until: 1 })).toEqual([]);
});

test("what is rare is found far back in the background, and no more is read than asked for", async () => {
  const history = open(join(testFolder().path, "history"));
  history.append(historyEntry({ at: 1, kind: "god", event: "started" }));
  for (let n = 2; n <= 8_000; n += 1) history.append(entry(0, n));
  expect((await history.find({ kinds: ["god"], limit: 5 })).map(({ seq }) => seq)).toEqual([1]);
  const last = await history.find({ limit: 3 });
  expect(last.map(({ seq }) => seq)).toEqual([7_998, 7_999, 8_000]);
});
