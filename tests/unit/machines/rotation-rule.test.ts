import { expect, test } from "vitest";
import {
  looksEveryMs,
  nextLookMs,
  ownFilesRule,
  ruleFor,
  toRemove,
  type RotatedFile,
} from "../../../machines/log-rotation.ts";
import { readLogrotateSettings } from "../../../runtime/contract/fields/logrotate-settings.ts";
import { isTimeFormat, rotatedName, rotatedPattern } from "../../../runtime/host/rotation/names.ts";
import { nameFor } from "../../../runtime/host/rotation/time-name.ts";

const dayMs = 86_400_000;

test("files that Ex Machina named are rotated by themselves, others when it is asked for", () => {
  expect(ruleFor({ declared: undefined, home: null, isOwn: true })).toEqual(ownFilesRule);
  expect(ruleFor({ declared: undefined, home: null, isOwn: false })).toBe(null);
  expect(ruleFor({ declared: { retain: 3 }, home: null, isOwn: false })).toEqual({
    ...ownFilesRule,
    retain: 3,
  });
  expect(ruleFor({ declared: undefined, home: { compress: false }, isOwn: false })).toEqual({
    ...ownFilesRule,
    compress: false,
  });
  expect(
    ruleFor({ declared: { retain: 2 }, home: { retain: 30, maxBytes: 1 }, isOwn: true }),
  ).toEqual({ ...ownFilesRule, retain: 2, maxBytes: 1 });
});

test("without a size and without a pattern nothing is rotated", () => {
  expect(ruleFor({ declared: { maxBytes: null }, home: null, isOwn: true })).toBe(null);
  expect(
    ruleFor({ declared: { maxBytes: null, schedule: "0 0 * * *" }, home: null, isOwn: true }),
  ).toMatchObject({ maxBytes: null, schedule: "0 0 * * *" });
});

test("the next look comes when the file will be too large, and no later than always", () => {
  const rule = { ...ownFilesRule, maxBytes: 10_000 };
  expect(nextLookMs(rule, undefined, { bytes: 9_999, at: 0 })).toBe(looksEveryMs);
  expect(nextLookMs(rule, { bytes: 0, at: 0 }, { bytes: 4_000, at: 1_000 })).toBe(1_500);
  expect(nextLookMs(rule, { bytes: 0, at: 0 }, { bytes: 9_999, at: 1_000 })).toBe(250);
  expect(nextLookMs(rule, { bytes: 5, at: 0 }, { bytes: 5, at: 1_000 })).toBe(looksEveryMs);
  expect(nextLookMs(rule, { bytes: 9_000, at: 0 }, { bytes: 10, at: 1_000 })).toBe(looksEveryMs);
});

test("over a year of rotations exactly the newest, young and small enough are kept", () => {
  const rules = [
    { retain: 10, maxAgeMs: null, maxTotalBytes: null },
    { retain: null, maxAgeMs: 14 * dayMs, maxTotalBytes: null },
    { retain: null, maxAgeMs: null, maxTotalBytes: 5_500 },
    { retain: 30, maxAgeMs: 7 * dayMs, maxTotalBytes: 100_000 },
  ];
  for (const rule of rules) {
    let kept: RotatedFile[] = [];
    for (let hour = 0; hour < 365 * 24; hour += 2) {
      const now = hour * 3_600_000;
      if (hour % 6 === 0) kept.push({ name: `f${hour}`, bytes: 1_000, at: now });
      const gone = new Set(toRemove(kept, rule, now));
      kept = kept.filter(({ name }) => !gone.has(name));
      const all = Math.floor(hour / 6) + 1;
      const byAge =
        rule.maxAgeMs === null ? all : Math.floor((rule.maxAgeMs / 3_600_000 - (hour % 6)) / 6) + 1;
      const byTotal = rule.maxTotalBytes === null ? all : Math.floor(rule.maxTotalBytes / 1_000);
      expect(kept).toHaveLength(Math.min(all, rule.retain ?? all, byAge, byTotal));
      expect(kept.at(-1)?.name).toBe(`f${hour - (hour % 6)}`);
    }
  }
});

test("what is removed is named oldest first", () => {
  const files = [3, 1, 2].map((at) => ({ name: `f${at}`, bytes: 1, at }));
  expect(toRemove(files, { retain: 1, maxAgeMs: null, maxTotalBytes: null }, 3)).toEqual([
    "f1",
    "f2",
  ]);
});

const usual = "YYYY-MM-DD_HH-mm-ss";

test.each([
  ["/l/api-out.log", "api-out__2026-11-29_10-20-03.log", true],
  ["/l/api-out.log", "api-out__2026-11-29_10-20-03.2.log", true],
  ["/l/api-out.log", "api-out__2026-11-29_10-20-03.log.gz", true],
  ["/l/api-out.log", "api-out.log", false],
  ["/l/api-out.log", "api-out__old-out.log", false],
  ["/l/api-out.log", "xapi-out__2026-11-29_10-20-03.log", false],
  ["/l/api-out.log", "api-out-1__2026-11-29_10-20-03.log", false],
  ["/l/api-out.log", "api-out__2026-11-29_10-20-03-out.log", false],
  ["/l/api-out.log", "api-out__2026-11-29_10-20-03.log.gz.part", false],
  ["/l/api-out.log", "api-out__2026-11-29_10-20-03xlog", false],
  ["/l/a+b(c).txt", "a+b(c)__2026-11-29_10-20-03.txt", true],
  ["/l/a+b(c).txt", "aab(c)__2026-11-29_10-20-03.txt", false],
  ["/l/plain", "plain__2026-11-29_10-20-03", true],
])("of %s, %s is a rotated file: %s", (file, name, is) => {
  expect(rotatedPattern(file, [usual]).test(name)).toBe(is);
});

test("names of every format are found again by their pattern", () => {
  const at = Date.UTC(2026, 10, 29, 10, 20, 3, 7);
  for (const format of [usual, "YYYYMMDD", "YY.M.D", "YYYY-MM-DD hh_mm A", "DD-MM-YYYY+SSS"]) {
    expect(isTimeFormat(format)).toBe(true);
    const name = nameFor({
      file: "/l/a.log",
      rule: { dateSuffix: format, timezone: "Asia/Tokyo" },
      at,
      isTaken: (each) => !each.includes(".3."),
    });
    expect(name).toMatch(rotatedPattern("/l/a.log", [format]));
  }
  expect(
    nameFor({
      file: "/l/a.log",
      rule: { dateSuffix: usual, timezone: "Asia/Tokyo" },
      at,
      isTaken: () => false,
    }),
  ).toBe("a__2026-11-29_19-20-03.log");
  expect(rotatedName("/l/a.log", "T", 2)).toBe("a__T.2.log");
});

test.each(["", "/etc/YYYY-MM-DD", "HH:mm", "../YYYY-MM-DD", "[YYYY] MM DD"])(
  "%j is no time that can stand in a file's name",
  (format) => {
    expect(isTimeFormat(format)).toBe(false);
  },
);

test("settings of pm2-logrotate are a rule for the home, and what cannot be read is told", () => {
  const settings = {
    max_size: "100M",
    retain: "7",
    compress: "true",
    dateFormat: "YYYY-MM-DD",
    workerInterval: "30",
    rotateInterval: "0 4 * * *",
    rotateModule: "true",
    TZ: "Europe/Berlin",
  };
  expect(readLogrotateSettings(settings)).toEqual({
    rule: {
      maxBytes: 100 * 2 ** 20,
      retain: 7,
      compress: true,
      dateSuffix: "YYYY-MM-DD",
      schedule: "0 4 * * *",
      timezone: "Europe/Berlin",
    },
    faults: [],
  });
  expect(readLogrotateSettings({ retain: "all" }).rule).toEqual({ retain: null });
  expect(readLogrotateSettings(undefined)).toEqual({ rule: null, faults: [] });
  expect(readLogrotateSettings({ max_size: "x", constructor: "1" }).faults).toEqual([
    'pm2-logrotate:max_size cannot be "x"',
    'pm2-logrotate:constructor cannot be "1"',
  ]);
});
