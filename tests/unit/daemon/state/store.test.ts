import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../../../support/condition.ts";
import {
  app,
  changed,
  copyOf,
  declared,
  facts,
  fullState,
  open,
  restoredFrom,
  temporaryFolder,
} from "./samples.ts";

test("an empty home has no state and nothing to say about it", () => {
  const store = open(join(temporaryFolder(), "state"));
  expect(store.restored).toEqual({ apps: [], processes: [], reloads: [], groups: [], notes: [] });
  expect(store.isWritable).toBe(true);
});

test("what was appended is restored after a daemon that neither flushed nor closed", () => {
  const directory = join(temporaryFolder(), "state");
  const store = open(directory);
  store.append({ type: "daemon.started", at: 1, pid: 1, version: "0.1.0" });
  store.append(declared("api"));
  store.append(declared("gone"));
  store.append(changed(0));
  store.append(changed(0, { restarts: 2 }));
  store.append(changed(1));
  store.append({ type: "process.removed", at: 3, id: 1, generation: 0 });
  store.append({ type: "app.removed", at: 3, key: "gone" });
  expect(restoredFrom(directory)).toEqual({
    apps: [app("api")],
    processes: [facts(0, { restarts: 2 })],
    notes: [],
  });
});

test("after a close everything is in the snapshot alone", async () => {
  const { directory, facts: all } = fullState();
  const store = open(directory);
  await store.close();
  for (const name of readdirSync(directory)) {
    if (name !== "snapshot.json") rmSync(join(directory, name));
  }
  expect(restoredFrom(directory)).toEqual({ ...all, notes: [] });
});

test("a declaration is soon in the snapshot, so that losing the journal loses none", async () => {
  const directory = join(temporaryFolder(), "state");
  open(directory).append(declared("api"));
  const snapshot = join(directory, "snapshot.json");
  await until("a snapshot", () => readdirSync(directory).includes("snapshot.json"));
  expect(JSON.parse(readFileSync(snapshot, "utf8"))).toMatchObject({
    v: 1,
    seq: 1,
    apps: [app("api")],
  });
});

test("records are numbered without a gap over snapshots, segments and daemons", async () => {
  const directory = join(temporaryFolder(), "state");
  const first = open(directory);
  first.append(changed(0));
  first.append(changed(0));
  await first.close();
  const second = open(directory, { maxJournalBytes: 1 });
  second.append(changed(0));
  second.snapshot();
  second.append(changed(0));
  const third = open(directory);
  third.append(changed(0));
  await third.flush();
  const numbers = readdirSync(directory)
    .filter((name) => name.startsWith("journal"))
    .flatMap((name) => readFileSync(join(directory, name), "utf8").match(/(?<="seq":)\d+/g) ?? []);
  expect(numbers.map(Number).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
});

test("at most five segments are kept", () => {
  const directory = join(temporaryFolder(), "state");
  const store = open(directory, { maxJournalBytes: 1 });
  for (let i = 0; i < 9; i++) {
    store.append(changed(0, { restarts: i }));
    store.snapshot();
  }
  expect(readdirSync(directory).sort()).toEqual([
    "journal.1.ndjson",
    "journal.2.ndjson",
    "journal.3.ndjson",
    "journal.4.ndjson",
    "journal.ndjson",
    "snapshot.json",
    "snapshot.previous.json",
  ]);
});

test("the state is its owner's alone", () => {
  const { directory } = fullState();
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(directory)) {
    expect([name, statSync(join(directory, name)).mode & 0o777]).toEqual([name, 0o600]);
  }
});

test("a folder that somebody removed is made again with everything in it", async () => {
  const { directory, facts: all } = fullState();
  const store = open(directory);
  rmSync(directory, { recursive: true });
  store.assertWritable();
  await store.flush();
  expect(restoredFrom(directory)).toEqual({ ...all, notes: [] });
});

test("a file in the folder's place is told of, and the facts are kept until it is gone", async () => {
  const blocked = join(temporaryFolder(), "state");
  writeFileSync(blocked, "");
  const logged: string[] = [];
  const store = open(blocked, { log: (line) => logged.push(line) });
  expect(store.isWritable).toBe(false);
  expect(store.restored.notes).toEqual([
    expect.stringMatching(/^the state cannot be written to .*kept in memory only: /),
  ]);
  store.append(changed(0));
  await expect(store.flush()).rejects.toMatchObject({ code: "ERR_STATE_NOT_WRITABLE" });
  expect(() => store.assertWritable()).toThrow(/cannot be written/);
  rmSync(blocked);
  await store.flush();
  expect(store.isWritable).toBe(true);
  expect(restoredFrom(blocked).processes).toEqual([facts(0)]);
  expect(logged).toHaveLength(2);
});

test("a disk that refuses is tried again by itself", async () => {
  const directory = join(temporaryFolder(), "state");
  writeFileSync(directory, "");
  const store = open(directory);
  store.append(changed(0));
  rmSync(directory);
  await until("the store to be writable", () => store.isWritable);
  expect(restoredFrom(directory).processes).toEqual([facts(0)]);
});

test("more than fits in memory while the disk refuses is kept as a snapshot of the last facts", async () => {
  const directory = join(temporaryFolder(), "state");
  writeFileSync(directory, "");
  const store = open(directory);
  const failure = { at: 1, code: "ERR_X", message: "x".repeat(1_000_000) };
  for (let i = 0; i < 6; i++) store.append(changed(0, { failure, restarts: i }));
  store.append(changed(1));
  rmSync(directory);
  await store.flush();
  expect(restoredFrom(directory)).toEqual({
    apps: [],
    processes: [facts(0, { failure, restarts: 5 }), facts(1)],
    notes: [],
  });
});

test("a snapshot that cannot be written leaves the journal as it is", () => {
  const { directory, facts: all } = fullState();
  const store = open(directory);
  const logged: string[] = [];
  const blocked = open(copyOf(directory), {
    log: (line) => logged.push(line),
    onStep: () => {
      throw new Error("no");
    },
  });
  blocked.snapshot();
  expect(logged).toEqual(["state: no snapshot could be written: no"]);
  store.append(changed(2));
  expect(restoredFrom(directory).processes).toEqual([...all.processes, facts(2)]);
});

test("a burst of records shares one wait for the disk", async () => {
  const store = open(join(temporaryFolder(), "state"));
  const waits: Promise<void>[] = [];
  for (let i = 0; i < 150; i++) {
    store.append(changed(i));
    waits.push(store.flush());
  }
  await Promise.all(waits);
  expect(store.isWritable).toBe(true);
});
