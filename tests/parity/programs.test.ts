import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { pm2Package, pm2Program } from "../support/pm2.ts";
import {
  compilePrograms,
  observedFile,
  programNames,
  runProgram,
} from "../support/pm2-programs.ts";

/** `npm run parity`: PM2 runs every program, and what it let them see is kept. Otherwise one of them is a sample. */
const isLive = process.env["PARITY"] === "live";
const samples = ["start-and-stop.cjs"];

/** A folder in which programs find PM2, and a home that ends with the test. */
function place(): { folder: string; home: string } {
  const folder = mkdtempSync(join(tmpdir(), "xp-"));
  const home = join(folder, "h");
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(pm2Package, join(folder, "node_modules/pm2"));
  onTestFinished(() => {
    const env = { ...process.env, PM2_HOME: home };
    spawnSync(process.execPath, [pm2Program, "kill"], { env, stdio: "ignore" });
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, home };
}

const seen: Record<string, unknown> = {};

test.each(isLive ? programNames : samples)("%s sees under PM2 what is kept of it", async (name) => {
  const ran = await runProgram({ name, package: "pm2", ...place() });
  expect([ran.code, ran.report], ran.output).toEqual([0, expect.anything()]);
  seen[name] = ran.report;
  if (isLive) return;
  const kept = JSON.parse(readFileSync(observedFile, "utf8")) as typeof seen;
  expect(ran.report).toEqual(kept[name]);
});

test("the programs that are typed for PM2 compile against PM2's own types", async () => {
  const { folder } = place();
  const names = ["program.mts", "program.cts"];
  expect(await compilePrograms({ names, folder, package: "pm2" })).toBe("");
});

afterAll(() => {
  if (!isLive) return;
  const kept = Object.fromEntries(programNames.map((name) => [name, seen[name]]));
  writeFileSync(observedFile, `${JSON.stringify(kept, null, 2)}\n`);
});
