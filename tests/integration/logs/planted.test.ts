import { appendFileSync, copyFileSync, readdirSync, truncateSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { until } from "../../support/condition.ts";
import { testFolder } from "../../support/folder.ts";
import { follow } from "../../support/follow.ts";

const openNow = (): number => readdirSync("/proc/self/fd").length;

test("files that somebody has put beside an emptied log by the hundred are not all opened, and the copy is found", async () => {
  const { put, path: folder } = testFolder();
  for (let n = 0; n < 300; n += 1) put(`a.log.${n}`, "planted, and longer than the log itself\n");
  const path = put("a.log", "line one\n");
  let isBlocked = true;
  const lines = follow(path, {
    onLine: async () => void (await until("the rotation", () => !isBlocked)),
  });
  await until("the first line", () => lines.length === 1);
  appendFileSync(path, "line two\n");
  copyFileSync(path, `${folder}/a.log.copy`);
  truncateSync(path);
  appendFileSync(path, "line three, longer than what was there before\n");
  const before = openNow();
  let most = 0;
  isBlocked = false;
  while (lines.length < 3) {
    most = Math.max(most, openNow() - before);
    await setImmediate();
  }
  expect(lines).toEqual(["line one", "line two", "line three, longer than what was there before"]);
  expect(most).toBeLessThan(100);
});
