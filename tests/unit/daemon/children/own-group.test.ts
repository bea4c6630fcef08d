import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ExitFact } from "../../../../machines/exit.ts";
import { howItEnded } from "../../../../machines/lib/words.ts";
import {
  beginCount,
  OwnGroup,
  readOutOfMemory,
  takeOutOfMemory,
} from "../../../../runtime/daemon/children/own-group.ts";
import { testFolder } from "../../../support/folder.ts";

function group(files: Readonly<Record<string, string>>): string {
  const { path } = testFolder();
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

const events = (oom: number, kills: number): string =>
  `low 0\nhigh 3\nmax 99\noom ${oom}\noom_kill ${kills}\noom_group_kill 0\n`;

test.each([
  ["nothing was killed", { "memory.events": events(0, 0) }, undefined],
  ["no memory controller", {}, undefined],
  ["odd content", { "memory.events": "oom_kill many\n\0\n" }, undefined],
  [
    "its own limit",
    { "memory.events": events(1, 2), "memory.max": "1048576\n", "memory.peak": "1048000\n" },
    { kills: 2, limitBytes: 1_048_576, peakBytes: 1_048_000 },
  ],
  [
    "the memory of the machine, on a kernel without memory.peak",
    { "memory.events": events(0, 1), "memory.max": "1048576\n" },
    { kills: 1, limitBytes: null, peakBytes: null },
  ],
])("%s", (_, files, expected) => {
  const path = group(files);
  expect(readOutOfMemory(path)).toEqual(expected);
  const end = { at: 1, code: null, signal: "SIGKILL" };
  const own = new OwnGroup(path, { remove: () => {} });
  expect(own.explained(end)).toEqual(
    expected === undefined ? end : { ...end, outOfMemory: expected },
  );
});

test("a kill in a group that workers share explains one end", () => {
  const path = group({ "memory.events": events(1, 3) });
  beginCount(path);
  expect(takeOutOfMemory(path)).toBeUndefined();
  writeFileSync(join(path, "memory.events"), events(2, 4));
  beginCount(path);
  expect(takeOutOfMemory(path)).toMatchObject({ kills: 1 });
  expect(takeOutOfMemory(path)).toBeUndefined();
});

test.each<[Partial<ExitFact>, string]>([
  [
    {
      signal: "SIGKILL",
      outOfMemory: { kills: 1, limitBytes: 128 * 2 ** 20, peakBytes: 127.5 * 2 ** 20 },
    },
    "Ended by SIGKILL (the kernel killed it: over memory_max, 128 MB; peak 127.5 MB)",
  ],
  [
    { code: 1, outOfMemory: { kills: 2, limitBytes: null, peakBytes: null } },
    "Exited with code 1 (the kernel killed 2 of its processes: the machine, or the cgroup around it, was out of memory)",
  ],
])("%j in words", (end, expected) => {
  const exit = { at: 1, code: null, signal: null, uptimeMs: 1, askedBy: null };
  expect(howItEnded({ ...exit, ...end })).toBe(expected);
});
