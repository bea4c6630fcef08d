import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { groupFigures } from "../../../../runtime/client/metrics/pressure.ts";
import { testFolder } from "../../../support/folder.ts";

test("peak and pressure of an app with a group, and of no other process", () => {
  const { path: root } = testFolder();
  const put = (file: string, text: string): void => {
    mkdirSync(join(root, file, ".."), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  put("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  put("proc/7/cgroup", "0::/xm-0123456789ab/0-life\n");
  put("proc/8/cgroup", "0::/user.slice/0-life\n");
  const folder = "sys/fs/cgroup/xm-0123456789ab/0-life";
  put(`${folder}/memory.peak`, "2048\n");
  put(`${folder}/memory.current`, "1024\n");
  const line = "avg10=0.00 avg60=0.00 avg300=0.00 total=";
  put(`${folder}/memory.pressure`, `some ${line}1500000\nfull ${line}500000\n`);
  expect(groupFigures(7, root)).toEqual({
    peakBytes: 2_048,
    memoryBytes: 1_024,
    pressure: [
      { resource: "memory", kind: "waiting", seconds: 1.5 },
      { resource: "memory", kind: "stalled", seconds: 0.5 },
    ],
  });
  expect([8, 9].map((pid) => groupFigures(pid, root))).toEqual([undefined, undefined]);
});
