import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ownFilesRule } from "../../../machines/log-rotation.ts";
import { makeRoom } from "../../../runtime/programs/rotator/make-room.ts";

/** Files of two apps and their neighbours: an older one each hour. */
function logs(): {
  folder: string;
  all: { file: string; owner: null; rule: typeof ownFilesRule }[];
} {
  const folder = mkdtempSync(join(tmpdir(), "xm-room-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const put = (name: string, hour: number): void => {
    writeFileSync(join(folder, name), "x".repeat(1_000));
    utimesSync(join(folder, name), 1_700_000_000 + hour * 3_600, 1_700_000_000 + hour * 3_600);
  };
  put("api-out.log", 0);
  put("api-out__2026-11-29_01-00-00.log.gz", 1);
  put("web-out__2026-11-29_02-00-00.log.gz", 2);
  put("api-out__2026-11-29_03-00-00.log", 3);
  put("web-out__2026-11-29_04-00-00.log.gz", 4);
  put("web-out.log", 0);
  put("api-out__old.log", 0);
  put("gone-out__2026-11-28_01-00-00.log.gz", 0);
  mkdirSync(join(folder, "api-out__2026-11-29_00-00-00.log"));
  const all = ["api-out.log", "web-out.log"].map((name) => ({
    file: join(folder, name),
    owner: null,
    rule: ownFilesRule,
  }));
  return { folder, all };
}

const roomy = { totalBytes: 1_000_000, freeBytes: 500_000 };

test("the oldest rotated files of all apps go until they fit, and nothing else", () => {
  const { folder, all } = logs();
  const before = readdirSync(folder).length;
  const rule = { maxTotalBytes: 2_500, minFree: null };
  const done = makeRoom(all, rule, { live: new Set(), diskOf: () => roomy });
  expect(done).toBe(
    `the rotated log files take more than \`exmachina:log_max_total\`: removed 2 rotated log files (2000 bytes), the oldest first: ${join(folder, "api-out__2026-11-29_01-00-00.log.gz")} …`,
  );
  expect(readdirSync(folder)).toHaveLength(before - 2);
  expect(existsSync(join(folder, "api-out__2026-11-29_03-00-00.log"))).toBe(true);
  expect(makeRoom(all, rule, { live: new Set(), diskOf: () => roomy })).toBe(undefined);
});

test("a full disk takes what is missing from the oldest, and never what is written to", () => {
  const { folder, all } = logs();
  const rule = { maxTotalBytes: null, minFree: { percent: 5 } };
  const diskOf = (): typeof roomy => ({ totalBytes: 1_000_000, freeBytes: 48_500 });
  // An app whose log file is called as a rotated one is.
  const live = new Set([join(folder, "api-out__2026-11-29_01-00-00.log.gz")]);
  expect(makeRoom(all, rule, { live, diskOf })).toMatch(/^a disk has less free space .*removed 2/);
  const left = readdirSync(folder);
  expect(left).toContain("api-out__2026-11-29_01-00-00.log.gz");
  expect(left).toContain("web-out__2026-11-29_04-00-00.log.gz");
  expect(left).toContain("gone-out__2026-11-28_01-00-00.log.gz");
  expect(left).not.toContain("web-out__2026-11-29_02-00-00.log.gz");
});

test("a disk that stays full loses all rotated files and is no fault", () => {
  const { folder, all } = logs();
  const rule = { maxTotalBytes: null, minFree: { bytes: 1_000_000 } };
  const options = {
    live: new Set<string>(),
    diskOf: (): typeof roomy => ({ ...roomy, freeBytes: 0 }),
  };
  expect(makeRoom(all, rule, options)).toMatch(/removed 4 rotated log files/);
  expect(makeRoom(all, rule, options)).toBe(undefined);
  expect(readdirSync(folder).filter((name) => name.endsWith("-out.log"))).toHaveLength(2);
});
