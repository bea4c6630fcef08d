import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder of its own for one test, gone when it ends. */
export function testFolder(): {
  path: string;
  put: (name: string, text: string, mode?: number) => string;
} {
  const path = mkdtempSync(join(tmpdir(), "xm-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    put: (name, text, mode = 0o644) => {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { mode });
      return file;
    },
  };
}
