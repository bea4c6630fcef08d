import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../contract/errors.ts";
import type { UncaughtException } from "../../contract/app-link/protocol.ts";

/**
 * The exception that a life ended by, when it had no line to tell it over: its preload leaves it in a file.
 * @returns `undefined` when there is none, or none that can be read.
 */
export function takeException(exits: string, lifeId: string): UncaughtException | undefined {
  const file = join(exits, `${lifeId}.error`);
  try {
    const text = readFileSync(file, "utf8");
    rmSync(file, { force: true });
    const {
      at,
      message,
      stack,
      error: name,
    } = (JSON.parse(text) ?? {}) as Partial<UncaughtException>;
    return {
      at: Number(at),
      message: String(message),
      stack: String(stack),
      error: String(name),
    };
  } catch (error) {
    if (errnoOf(error) !== undefined || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
