import * as v from "valibot";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { writeFileAtomic } from "../../host/atomic.ts";
import { readPlain } from "../../host/files/read.ts";
import type { Grant } from "./sessions.ts";

/** What the next God reopens: the port, and who has access. */
export interface InspectorState {
  readonly port: number;
  readonly grants: readonly Grant[];
}

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const common = { control: v.boolean(), at: v.number() };
const grant = v.union([
  v.object({ kind: v.picklist(["once", "bearer"]), hash: v.string(), ...common }),
  v.object({
    kind: v.picklist(["kept", "live"]),
    id: v.string(),
    storedKey: v.string(),
    serverKey: v.string(),
    ...common,
  }),
]);

const schema = v.union([
  v.object({ version: v.literal(2), port, grants: v.array(grant) }),
  // Its sessions were cookies, which are not taken any more.
  v.pipe(
    v.object({ version: v.literal(1), port }),
    v.transform((old) => ({ ...old, grants: [] })),
  ),
]);

/** Readable by its owner only (0600). A disk that refuses costs the sessions their next God and nothing else. */
export function writeState(file: string, state: InspectorState, log: (line: string) => void): void {
  try {
    writeFileAtomic(file, `${JSON.stringify({ version: 2, ...state })}\n`);
  } catch (error) {
    log(
      `${file} cannot be written: ${messageOf(error)}; the next daemon will not open the inspector`,
    );
  }
}

/** @returns `undefined` when there is none, or none that can be used. */
export function readState(file: string, log: (line: string) => void): InspectorState | undefined {
  try {
    const { port, grants } = v.parse(schema, JSON.parse(readPlain(file)));
    return { port, grants };
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") log(`${file} cannot be used: ${messageOf(error)}`);
    return undefined;
  }
}
