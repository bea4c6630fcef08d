import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../contract/errors.ts";
import type { End } from "./contract.ts";
import { steadyAtUptime } from "../../host/clock.ts";

/**
 * The exit code that an app's preload has left because its parent was gone (`runtime/programs/preload/main.ts`); it is read
 * once. A program that was killed, or that is not Node, leaves none.
 */
export function takeExitCode(exits: string, lifeId: string): End | undefined {
  const file = join(exits, lifeId);
  try {
    const left = JSON.parse(readFileSync(file, "utf8")) as {
      at?: unknown;
      up?: unknown;
      code?: unknown;
    } | null;
    rmSync(file, { force: true });
    const { up, code } = left ?? {};
    const at = typeof up === "number" ? steadyAtUptime(up) : left?.at;
    if (typeof at !== "number") return undefined;
    return { at, code: typeof code === "number" ? code : null, signal: null };
  } catch (error) {
    if (errnoOf(error) !== undefined || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
