import { rmSync } from "node:fs";
import * as v from "valibot";
import type { UncaughtException } from "../../contract/app-link/protocol.ts";
import { exceptionSchema } from "../../contract/app-link/up-schema.ts";
import { readJsonFact } from "../../host/files/read.ts";
import { leftFile } from "./left-files.ts";

/** A message, a stack and a name of 16 K characters each, as JSON at its longest. */
const mostBytes = 512 * 1024;

/**
 * The exception that ended a life without a line to report it: its preload leaves it in a file.
 * @returns `undefined` when there is none, or none that can be read.
 */
export function takeException(exits: string, lifeId: string): UncaughtException | undefined {
  const file = leftFile(exits, lifeId, ".error");
  if (file === undefined) return undefined;
  const left = readJsonFact(file, mostBytes);
  if (left === undefined) return undefined;
  rmSync(file, { force: true });
  const { success, output } = v.safeParse(exceptionSchema, left);
  return success ? output : undefined;
}
