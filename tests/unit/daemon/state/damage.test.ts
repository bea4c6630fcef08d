import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  app,
  changed,
  copyOf,
  declared,
  facts,
  fullState,
  inOrder,
  open,
  restoredFrom,
  temporaryFolder,
} from "./samples.ts";

const files = [
  "snapshot.json",
  "snapshot.previous.json",
  "journal.ndjson",
  "journal.1.ndjson",
  "journal.2.ndjson",
];

const damages: Record<string, (path: string) => void> = {
  "an empty file": (path) => writeFileSync(path, ""),
  "random bytes": (path) => writeFileSync(path, Buffer.from([...bytes(5000)])),
  "zeros without end": (path) => writeFileSync(path, Buffer.alloc(300_000)),
  "words and no newline": (path) => writeFileSync(path, "not json at all"),
  "JSON of another kind": (path) => writeFileSync(path, '{"v":1}\n[]\nnull\n'),
  "a version of the future": (path) => writeFileSync(path, '{"v":2,"seq":1,"apps":[]}\n'),
  "a prototype key": (path) => writeFileSync(path, '{"v":1,"seq":99,"__proto__":{"x":1}}\n'),
  "a huge line": (path) => writeFileSync(path, Buffer.alloc(70 * 1024 * 1024, "x")),
  "a folder": (path) => {
    rmSync(path);
    mkdirSync(join(path, "inner"), { recursive: true });
  },
};

/** Bytes without a pattern, the same in every run. */
function* bytes(count: number): Generator<number> {
  let x = 12345;
  for (let i = 0; i < count; i++) {
    x = (x * 1103515245 + 12345) % 2147483648;
    yield (x >> 16) & 0xff;
  }
}

test("the last record cut at any byte is gone as a whole, and nothing else is", () => {
  const { directory, facts: all } = fullState();
  const journal = join(directory, "journal.ndjson");
  const before = restoredFrom(directory);
  open(directory).append(changed(0, { restarts: 99 }));
  const whole = readFileSync(journal);
  const start = whole.lastIndexOf("\n", -2) + 1;
  const target = copyOf(directory);
  const torn = "the last record of journal.ndjson is torn; it was cut off";
  for (let length = start; length < whole.length; length++) {
    writeFileSync(join(target, "journal.ndjson"), whole.subarray(0, length));
    const { restored } = open(target);
    expect(inOrder(restored), `cut at ${length}`).toEqual({
      apps: before.apps,
      processes: before.processes,
    });
    expect(restored.notes, `cut at ${length}`).toEqual(length === start ? [] : [torn]);
    expect(readFileSync(join(target, "journal.ndjson")).length).toBe(start);
  }
  expect(restoredFrom(directory).processes).toEqual([
    facts(0, { restarts: 99 }),
    ...all.processes.slice(1),
  ]);
});

test("a journal cut at any byte of its only segment gives the records before the cut", () => {
  const directory = join(temporaryFolder(), "state");
  const store = open(directory);
  for (let i = 0; i < 3; i++) store.append(changed(i));
  const journal = join(directory, "journal.ndjson");
  const whole = readFileSync(journal);
  for (let length = 0; length <= whole.length; length += 7) {
    writeFileSync(journal, whole.subarray(0, length));
    const lines = whole.subarray(0, length).toString("latin1").split("\n").length - 1;
    expect(open(directory).restored.processes, `cut at ${length}`).toHaveLength(lines);
  }
});

/** Files that the newest snapshot makes unnecessary are not even opened; an empty journal is a good one. */
function isTold(file: string, damage: string): boolean {
  if (file === "journal.ndjson") return damage !== "an empty file";
  return file === "snapshot.json";
}

/** What begins as a record does and cannot be read, at the very end, is a torn one. */
function isCut(file: string, damage: string): boolean {
  return file === "journal.ndjson" && damage === "a prototype key";
}

for (const file of files) {
  for (const [damage, inflict] of Object.entries(damages)) {
    test(`with ${damage} for ${file} the daemon comes up and goes on writing`, async () => {
      const { directory, facts: all } = fullState();
      inflict(join(directory, file));
      const store = open(directory);
      // Only the current segment holds something that is nowhere else: the stop of process 0.
      const expected =
        file === "journal.ndjson"
          ? { ...all, processes: [facts(0), facts(1, { app: "worker" })] }
          : all;
      expect(inOrder(store.restored)).toEqual(expected);
      const wasSetAside = readdirSync(directory).includes(`${file}.invalid-1000`);
      expect(wasSetAside).toBe(isTold(file, damage) && !isCut(file, damage));
      expect(store.restored.notes).toEqual(
        isTold(file, damage) ? [expect.stringContaining(file)] : [],
      );
      store.append(changed(7));
      await store.close();
      expect(restoredFrom(directory)).toEqual({
        apps: expected.apps,
        processes: [...expected.processes, facts(7)],
        notes: [],
      });
    });
  }
}

test("both snapshots gone, the segments alone give everything they ever held", () => {
  const { directory, facts: all } = fullState();
  writeFileSync(join(directory, "snapshot.json"), "x");
  writeFileSync(join(directory, "snapshot.previous.json"), "y");
  const { notes, ...restored } = restoredFrom(directory);
  expect(restored).toEqual(all);
  expect(notes).toEqual([
    expect.stringMatching(/^snapshot\.json cannot be used .* moved aside as snapshot\.json\./),
    expect.stringMatching(/^snapshot\.previous\.json cannot be used /),
  ]);
});

test("everything gone, the daemon comes up empty and says so", () => {
  const { directory } = fullState();
  for (const name of readdirSync(directory)) writeFileSync(join(directory, name), "garbage\n");
  const { notes, ...restored } = restoredFrom(directory);
  expect(restored).toEqual({ apps: [], processes: [] });
  expect(notes).toHaveLength(5);
});

test("a changed byte in the snapshot is noticed", () => {
  const { directory, facts: all } = fullState();
  const path = join(directory, "snapshot.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"pid":4001', '"pid":4002'));
  const { notes, ...restored } = restoredFrom(directory);
  expect(restored).toEqual(all);
  expect(notes).toEqual([
    "snapshot.json cannot be used (its checksum is wrong); it was moved aside as snapshot.json.invalid-1000",
  ]);
});

test("records missing between the snapshot and the journal are told of", () => {
  const { directory } = fullState();
  truncateSync(join(directory, "journal.1.ndjson"), 0);
  writeFileSync(join(directory, "snapshot.json"), "x");
  expect(restoredFrom(directory).notes).toContain(
    "2 records after number 2 are in neither a snapshot nor the journal",
  );
});

test("lines in the middle that are no records are skipped, and the file is kept as it was", () => {
  const directory = join(temporaryFolder(), "state");
  const store = open(directory);
  store.append(changed(0));
  const journal = join(directory, "journal.ndjson");
  appendFileSync(journal, "\n{]\n");
  store.append(changed(1));
  const damaged = readFileSync(journal);
  const { restored } = open(directory);
  expect(restored).toEqual({
    apps: [],
    processes: [facts(0), facts(1)],
    reloads: [],
    groups: [],
    notes: [
      "2 lines of journal.ndjson could not be read and were skipped; the file as it was is journal.ndjson.invalid-1000",
    ],
  });
  expect(readFileSync(`${journal}.invalid-1000`)).toEqual(damaged);
  expect(restoredFrom(directory)).toEqual({
    apps: [],
    processes: [facts(0), facts(1)],
    notes: [],
  });
});

test("a record that does not validate is dropped alone", () => {
  const directory = join(temporaryFolder(), "state");
  const store = open(directory);
  store.append(changed(0));
  store.append(changed(0, { child: { pid: -1, startTicks: 1, lifeId: "x", at: 1 } }));
  store.append(changed(1));
  const { notes, ...restored } = restoredFrom(directory);
  expect(restored).toEqual({ apps: [], processes: [facts(0), facts(1)] });
  expect(notes).toEqual([
    expect.stringMatching(/^record 2 of journal\.ndjson was dropped: facts\.child\.pid: /),
  ]);
});

test("a process of the snapshot that does not validate is dropped alone", async () => {
  const directory = join(temporaryFolder(), "state");
  const store = open(directory);
  store.append(declared("api"));
  store.append(changed(0, { restarts: -1 }));
  store.append(changed(1));
  await store.close();
  const { notes, ...restored } = restoredFrom(directory);
  expect(restored).toEqual({ apps: [app("api")], processes: [facts(1)] });
  expect(notes).toEqual([
    expect.stringMatching(/^a process of the snapshot was dropped: restarts: /),
  ]);
});

test("fields of a newer version outlive an older daemon", async () => {
  const directory = join(temporaryFolder(), "state");
  const store = open(directory);
  const newer = { ...facts(0), mood: "fine" };
  store.append({ type: "process.changed", at: 1, event: "x", facts: newer });
  await open(directory).close();
  expect(restoredFrom(directory).processes).toEqual([newer]);
});
