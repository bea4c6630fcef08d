import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { namesIn } from "../../host/files.ts";
import { readJsonFact } from "../../host/files/read.ts";

/*
 * Beside the socket of each balancer lies a record of it: who it is and what it was given to prove itself with. A
 * balancer is believed only as far as its record goes: which app it serves is not its own to say.
 */
const recordSchema = v.object({
  v: v.literal(1),
  app: v.string(),
  madeOf: v.string(),
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  startTicks: v.number(),
  secret: v.pipe(v.string(), v.minLength(16)),
  /** Whose rights it has; `null` for God's own. */
  uid: v.nullable(v.number()),
});

export type BalancerRecord = v.InferOutput<typeof recordSchema>;

export function writeRecord(socket: string, record: BalancerRecord): void {
  writeFileSync(recordOf(socket), JSON.stringify(record), { mode: 0o600 });
}

export function readRecord(socket: string): BalancerRecord | undefined {
  const { success, output } = v.safeParse(recordSchema, readJsonFact(recordOf(socket), 65_536));
  return success ? output : undefined;
}

/** Of all balancers whose sockets are in the folder. */
export function readRecords(folder: string): BalancerRecord[] {
  return socketsIn(folder).flatMap((path) => readRecord(path) ?? []);
}

/** The sockets that are there; a balancer that has gone may have left one. */
export function socketsIn(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => name.endsWith(".sock"))
    .map((name) => join(folder, name));
}

/** What a balancer leaves that has gone. */
export function removeFiles(socket: string): void {
  rmSync(socket, { force: true });
  rmSync(recordOf(socket), { force: true });
  // Of version 0.1.0, whose balancers kept their shares there.
  rmSync(socket.replace(/sock$/, "shares"), { force: true });
}

function recordOf(socket: string): string {
  return socket.replace(/sock$/, "json");
}
