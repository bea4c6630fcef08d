import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { namesOfMany, rotatedFiles } from "../../../../runtime/host/rotation/names.ts";

const formats = ["YYYY-MM-DD_HH-mm-ss"];

test("one look at many files finds what a look at each of them finds", () => {
  const folder = mkdtempSync(join(tmpdir(), "xm-names-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const live = [
    "api-out.log",
    "api__old-out.log",
    "api__old__older-out.log",
    "web-out.log",
    "__.log",
  ];
  for (const name of live) {
    const [stem, extension] = [name.slice(0, -4), ".log"];
    for (const end of [
      extension,
      `__2026-11-29_10-20-03${extension}`,
      `__2026-11-29_10-20-03.2${extension}.gz`,
    ])
      writeFileSync(join(folder, `${stem}${end}`), "");
  }
  for (const other of ["api-out__today.log", "x__2026-11-29_10-20-03.log", "notes.txt"])
    writeFileSync(join(folder, other), "");
  const names = namesOfMany();
  for (const name of live) {
    const file = join(folder, name);
    const found = rotatedFiles({ file, formats, names });
    expect([name, found.length]).toEqual([name, 2]);
    expect(found).toEqual(rotatedFiles({ file, formats }));
  }
});
