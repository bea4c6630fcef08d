import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { homePaths } from "../../../../runtime/host/home/paths.ts";
import { readDump, writeDump } from "../../../../runtime/daemon/state/dump.ts";
import { temporaryFolder } from "./samples.ts";

test("a saved list is read back, its owner's alone, and the one before is the backup", () => {
  const paths = homePaths(temporaryFolder());
  writeDump(paths, [{ name: "one" }]);
  writeDump(paths, [{ name: "two" }]);
  expect(readDump(paths)).toEqual({ list: [{ name: "two" }], notes: [] });
  expect(readdirSync(paths.home).sort()).toEqual(["dump.pm2", "dump.pm2.bak"]);
  expect(statSync(paths.dump).mode & 0o777).toBe(0o600);
  rmSync(paths.dump);
  expect(readDump(paths).list).toEqual([{ name: "one" }]);
});

for (const damaged of [
  "",
  "garbage",
  "{}",
  "[",
  '[{"__proto__":{}}]',
  "[null, 1]",
  '[{"id": 0}]',
]) {
  test(`a dump that reads ${JSON.stringify(damaged)} gives way to the backup, with a note`, () => {
    const paths = homePaths(temporaryFolder());
    writeDump(paths, [{ name: "one" }]);
    writeDump(paths, [{ name: "two" }]);
    writeFileSync(paths.dump, damaged);
    const { list, notes } = readDump(paths);
    expect(list).toEqual([{ name: "one" }]);
    expect(notes).toEqual([expect.stringContaining(paths.dump)]);
    // Nor does it become the backup of the next list.
    writeDump(paths, [{ name: "three" }]);
    rmSync(paths.dump);
    expect(readDump(paths).list).toEqual([{ name: "one" }]);
  });
}

test("a list of which a part is damaged is used, and does not become the backup", () => {
  const paths = homePaths(temporaryFolder());
  writeDump(paths, [{ name: "one" }]);
  writeDump(paths, [{ name: "two" }]);
  const damaged = [{ name: "two" }, null];
  writeFileSync(paths.dump, JSON.stringify(damaged));
  expect(readDump(paths)).toEqual({ list: damaged, notes: [] });
  writeDump(paths, [{ name: "three" }]);
  rmSync(paths.dump);
  expect(readDump(paths).list).toEqual([{ name: "one" }]);
});

test("without a dump and a backup that can be read the error says why", () => {
  const paths = homePaths(temporaryFolder());
  expect(() => readDump(paths)).toThrow(expect.objectContaining({ code: "ERR_DUMP_UNREADABLE" }));
  writeFileSync(paths.dump, "x");
  writeFileSync(paths.dumpBackup, "y");
  expect(() => readDump(paths)).toThrow(/not valid JSON/);
});

test("a list that cannot be written leaves the saved ones as they are", () => {
  const paths = homePaths(temporaryFolder());
  const nowhere = homePaths(`${paths.home}/missing`);
  expect(() => writeDump(nowhere, [])).toThrow(
    expect.objectContaining({ code: "ERR_STATE_NOT_WRITABLE" }),
  );
  expect(existsSync(nowhere.dump)).toBe(false);
});
