import { readFileSync, rmSync, writeFileSync } from "node:fs";
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
