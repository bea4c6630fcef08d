import { rmSync } from "node:fs";
import { readJsonFact } from "../../host/files/read.ts";
import type { End } from "./contract.ts";
import { steadyAtUptime } from "../../host/clock.ts";
import { leftFile } from "./left-files.ts";

/** Of a few numbers, with much room. */
const mostBytes = 64 * 1024;

/**
 * The exit code that an app's preload has left because its parent was gone (`runtime/programs/preload/main.ts`); it is read
 * once. A program that was killed, or that is not Node, leaves none, and whatever else is there is none either.
 */
export function takeExitCode(exits: string, lifeId: string): End | undefined {
  const file = leftFile(exits, lifeId);
  if (file === undefined) return undefined;
  const left = readJsonFact(file, mostBytes);
  if (typeof left !== "object" || left === null) return undefined;
  rmSync(file, { force: true });
  const { up, code, ...written } = left as { at?: unknown; up?: unknown; code?: unknown };
  const at = typeof up === "number" ? steadyAtUptime(up) : written.at;
  if (typeof at !== "number" || !Number.isFinite(at)) return undefined;
  return { at, code: codeOf(code), signal: null };
}

/** As the kernel cuts it. */
function codeOf(code: unknown): number | null {
  return Number.isSafeInteger(code) ? (code as number) & 0xff : null;
}
