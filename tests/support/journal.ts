import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Takes everything after the declarations out of a dead daemon's journal: no spawn was ever written. */
export function forgetSpawn(state: string): void {
  const journal = join(state, "journal.ndjson");
  const lines = readFileSync(journal, "utf8").split("\n");
  const first = lines.findIndex((line) => line.includes('"child.spawned"'));
  // It may have been written since.
  for (const name of ["snapshot.json", "snapshot.previous.json"])
    rmSync(join(state, name), { force: true });
  writeFileSync(journal, `${lines.slice(0, first).join("\n")}\n`);
}

/** Adds to a dead daemon's journal that it has recorded a stop of its only process, and no more: it died before it sent it. */
export function recordStop(
  state: string,
  { killAt, signalled }: { readonly killAt: number; readonly signalled: boolean },
): void {
  const journal = join(state, "journal.ndjson");
  const lines = readFileSync(journal, "utf8").trim().split("\n");
  const entries = lines.map((line) => JSON.parse(line) as { seq: number; facts?: object });
  const last = entries.findLast(({ facts }) => facts !== undefined);
  const facts = { ...last?.facts, status: "stopping", goal: "stop", killAt };
  const seq = (entries.at(-1)?.seq ?? 0) + 1;
  const more = signalled ? { signalled: true } : {};
  const entry = { ...last, seq, event: "stop", facts: { ...facts, ...more } };
  appendFileSync(journal, `${JSON.stringify(entry)}\n`);
}
