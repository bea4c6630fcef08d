import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { JournalEntry } from "../../../../runtime/daemon/state/entries.ts";
import { app, changed, inOrder, open, temporaryFolder, type Facts } from "./samples.ts";

type Step = JournalEntry | "compact" | "kill" | "close" | "flush";

const id = fc.nat({ max: 4 });
const key = fc.constantFrom("api", "worker", "ünïcode\n");

const steps = fc.array(
  fc.oneof(
    fc
      .record({ key, value: fc.string() })
      .map((it): Step => ({ type: "app.declared", at: 1, app: app(it.key, { V: it.value }) })),
    key.map((it): Step => ({ type: "app.removed", at: 1, key: it })),
    fc.record({ id, restarts: fc.nat(), message: fc.string({ unit: "binary" }) }).map((it): Step =>
      changed(it.id, {
        restarts: it.restarts,
        failure: { at: 1, code: "ERR_X", message: it.message },
      }),
    ),
    id.map((it): Step => ({ type: "process.removed", at: 1, id: it, generation: 0 })),
    fc.constantFrom<Step>("compact", "kill", "close", "flush"),
  ),
  { maxLength: 40 },
);

/** What must be restored, computed from the steps alone and by other means than the store's. */
function belief(taken: readonly Step[]): Facts {
  const events = taken.filter((step) => typeof step !== "string");
  const apps = events.flatMap((event, i) =>
    event.type === "app.declared" &&
    !events
      .slice(i + 1)
      .some(
        (later) =>
          (later.type === "app.declared" && later.app.key === event.app.key) ||
          (later.type === "app.removed" && later.key === event.app.key),
      )
      ? [event.app]
      : [],
  );
  const processes = events.flatMap((event, i) =>
    event.type === "process.changed" &&
    !events
      .slice(i + 1)
      .some(
        (later) =>
          (later.type === "process.changed" && later.facts.id === event.facts.id) ||
          (later.type === "process.removed" && later.id === event.facts.id),
      )
      ? [event.facts]
      : [],
  );
  return inOrder({ apps, processes });
}

test("whatever is appended, compacted, killed and reopened, the store restores what happened", async () => {
  const folder = temporaryFolder();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(1, 3000, 1_000_000), async (taken, maxJournalBytes) => {
      const directory = join(folder, String(run++));
      let store = open(directory, { maxJournalBytes });
      for (const [i, step] of taken.entries()) {
        if (typeof step !== "string") store.append(step);
        else if (step === "compact") store.snapshot();
        else if (step === "flush") await store.flush();
        else {
          // The killed one is never used again; its timers are not the process's to wait for.
          if (step === "close") await store.close();
          store = open(directory, { maxJournalBytes });
          expect(inOrder(store.restored)).toEqual(belief(taken.slice(0, i)));
          expect(store.restored.notes).toEqual([]);
        }
      }
      await store.close();
      const { restored } = open(directory);
      expect(inOrder(restored)).toEqual(belief(taken));
      expect(restored.notes).toEqual([]);
    }),
    { numRuns: 60 },
  );
}, 30_000);
