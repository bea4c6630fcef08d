import { rmSync } from "node:fs";
import type { UncaughtException } from "../../contract/app-link/protocol.ts";
import { readJsonFact } from "../../host/files/read.ts";
import { leftFile } from "./left-files.ts";

/** A message, a stack and a name of 16 K characters each, as JSON at its longest. */
const mostBytes = 512 * 1024;

/**
 * The exception that a life ended by, when it had no line to tell it over: its preload leaves it in a file.
 * @returns `undefined` when there is none, or none that can be read.
 */
export function takeException(exits: string, lifeId: string): UncaughtException | undefined {
  const file = leftFile(exits, lifeId, ".error");
  if (file === undefined) return undefined;
  const left = readJsonFact(file, mostBytes);
  if (typeof left !== "object" || left === null) return undefined;
  rmSync(file, { force: true });
  const { at, message, stack, error: name } = left as Partial<UncaughtException>;
  return { at: Number(at), message: String(message), stack: String(stack), error: String(name) };
}
