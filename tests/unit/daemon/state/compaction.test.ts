import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pauseAfter, type CompactionStep } from "../../../../runtime/daemon/state/compact.ts";
import { changed, copyOf, declared, facts, fullState, inOrder, open } from "./samples.ts";

/** The state as it is after each step of one compaction of a full one. */
function stepsOfCompaction(): { step: CompactionStep; copy: string }[] {
  const { directory } = fullState();
  const copies: { step: CompactionStep; copy: string }[] = [];
  const store = open(directory, {
    maxJournalBytes: 1,
    onStep: (step) => copies.push({ step, copy: copyOf(directory) }),
  });
  store.snapshot();
  return copies;
}

test("a compaction takes its steps in the order that recovery relies on", () => {
  expect(stepsOfCompaction().map(({ step }) => step)).toEqual([
    "snapshot.written",
    "snapshot.previous",
    "snapshot.current",
    "snapshot.synced",
    "segment.moved",
    "segment.moved",
    "segment.moved",
    "segment.moved",
    "segment.synced",
  ]);
});

test("a daemon that dies after any step of a compaction has lost nothing, and goes on", async () => {
  const { facts: all } = fullState();
  for (const [i, { step, copy }] of stepsOfCompaction().entries()) {
    const label = `died after step ${i}, ${step}`;
    const store = open(copy, { maxJournalBytes: 1 });
    expect(inOrder(store.restored), label).toEqual(all);
    expect(store.restored.notes, label).toEqual([]);
    store.append(changed(5));
    store.snapshot();
    store.append(changed(6));
    await store.flush();
    const { restored } = open(copyOf(copy));
    expect(inOrder(restored), label).toEqual({
      apps: all.apps,
      processes: [...all.processes, facts(5), facts(6)],
    });
  }
});

test("after a death at any step, the snapshot may be destroyed as well", () => {
  const { facts: all } = fullState();
  for (const [i, { step, copy }] of stepsOfCompaction().entries()) {
    open(copy, { maxJournalBytes: 1 }).snapshot();
    writeFileSync(join(copy, "snapshot.json"), "garbage");
    expect(inOrder(open(copy).restored), `died after step ${i}, ${step}`).toEqual(all);
  }
});

test("the previous snapshot and the segments give what the current snapshot gave", () => {
  const { directory } = fullState();
  const store = open(directory, { maxJournalBytes: 3000 });
  for (let i = 0; i < 20; i++) {
    store.append(changed(i % 4, { restarts: i }));
    if (i % 3 === 0) store.append(declared(`app${i}`));
    if (i % 5 === 0) store.snapshot();
    const copy = copyOf(directory);
    const whole = inOrder(open(copyOf(directory)).restored);
    writeFileSync(join(copy, "snapshot.json"), "garbage");
    expect(inOrder(open(copy).restored)).toEqual(whole);
  }
});

test("declarations wait longer for their snapshot the more the last one has cost", () => {
  expect([0, 5, 100, 1_000].map(pauseAfter)).toEqual([250, 250, 1_900, 19_000]);
});
