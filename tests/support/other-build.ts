import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
};

/** The built programs as those of another version, in a folder. @returns its command line. */
export function otherBuild(folder: string, other: string): string {
  const bin = join(folder, "dist/bin");
  mkdirSync(bin, { recursive: true });
  cpSync(join(root, "dist/bin"), bin, { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  for (const name of ["all.cjs", "god.cjs"]) {
    const text = readFileSync(join(bin, name), "utf8");
    const changed = text.replaceAll(JSON.stringify(version), JSON.stringify(other));
    if (changed === text) throw new Error(`${name} does not name its version`);
    writeFileSync(join(bin, name), changed);
  }
  return join(bin, "xm.cjs");
}
