import fc from "fast-check";
import { expect, test } from "vitest";
import { missingOn, toRemoveForSpace } from "../../../machines/log-space.ts";
import { readLogSpaceSettings } from "../../../runtime/contract/fields/log-space-settings.ts";

test("what is missing on a disk, by size and by share", () => {
  const disk = { totalBytes: 1_000, freeBytes: 30 };
  const missing = (minFree: Parameters<typeof missingOn>[1]["minFree"]): number =>
    missingOn(disk, { maxTotalBytes: null, minFree });
  expect(missing(null)).toBe(0);
  expect(missing({ bytes: 100 })).toBe(70);
  expect(missing({ percent: 5 })).toBe(20);
  expect(missing({ percent: 2 })).toBe(0);
});

const file = fc.record({
  path: fc.string({ minLength: 1, maxLength: 6 }),
  bytes: fc.nat(100),
  at: fc.nat(50),
  disk: fc.constantFrom(1, 2),
});

test("the oldest files go, no more than needed, and on a full disk only that disk's", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(file, { selector: ({ path }) => path, maxLength: 30 }),
      fc.option(fc.nat(1_000)),
      fc.nat(300),
      (files, maxTotalBytes, missing) => {
        const gone = toRemoveForSpace(files, { maxTotalBytes }, new Map([[1, missing]]));
        const sum = (some: readonly { bytes: number }[]): number =>
          some.reduce((total, { bytes }) => total + bytes, 0);
        const kept = files.filter((each) => !gone.includes(each));
        const onDisk = gone.filter(({ disk }) => disk === 1);
        if (maxTotalBytes !== null) expect(sum(kept)).toBeLessThanOrEqual(maxTotalBytes);
        const rest = kept.filter(({ disk }) => disk === 1);
        expect(sum(onDisk) >= missing || rest.length === 0).toBe(true);
        // Without the last one that went, one of the two would not be met.
        const last = gone.at(-1);
        if (last === undefined) return;
        const isTooMuch = maxTotalBytes !== null && sum(kept) + last.bytes > maxTotalBytes;
        const isMissing = last.disk === 1 && sum(onDisk) - last.bytes < missing;
        expect(isTooMuch || isMissing).toBe(true);
        for (const each of kept.filter(({ disk }) => disk === last.disk))
          expect(each.at).toBeGreaterThanOrEqual(
            Math.min(...gone.filter(({ disk }) => disk === each.disk).map(({ at }) => at)),
          );
      },
    ),
  );
});

test("settings are read, and what cannot be is named", () => {
  expect(readLogSpaceSettings({ log_max_total: "10G", min_free: "5%" })).toEqual({
    rule: { maxTotalBytes: 10 * 2 ** 30, minFree: { percent: 5 } },
    faults: [],
  });
  expect(readLogSpaceSettings({ min_free: "2G", log_max_total: "0" }).rule).toEqual({
    maxTotalBytes: null,
    minFree: { bytes: 2 * 2 ** 30 },
  });
  expect(readLogSpaceSettings({ log_max_total: "much", min_free: "-1%", typo: "1" })).toEqual({
    rule: null,
    faults: [
      'exmachina:log_max_total cannot be "much": give a size, such as 10G',
      'exmachina:min_free cannot be "-1%": give a size or a share, such as 2G or 5%',
      "exmachina:typo is unknown; known are log_max_total and min_free",
    ],
  });
  for (const settings of [undefined, null, [], "x", {}])
    expect(readLogSpaceSettings(settings)).toEqual({ rule: null, faults: [] });
});
