import * as v from "valibot";
import type { RotationRule } from "../../machines/log-rotation.ts";
import type { LogSpaceRule } from "../../machines/log-space.ts";

/*
 * What God and the rotator know of each other: orders and news, a JSON text per line on the rotator's standard input and
 * output, and a file that says what a rotation is about to do, so that the successor of a killed one finds out whom
 * to resume, and whether the file or its copy is the whole of it.
 */

const identity = v.strictObject({
  pid: v.pipe(v.number(), v.integer(), v.minValue(2)),
  startTicks: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

/** A process that is that very one. */
export type Identity = v.InferOutput<typeof identity>;

export const intentSchema = v.strictObject({
  file: v.pipe(v.string(), v.regex(/^\//)),
  owner: v.nullable(v.strictObject({ uid: v.number(), gid: v.number() })),
  /** Who does it. */
  by: identity,
  /** Whom it stops, or has stopped. */
  stopped: v.array(identity),
  /** The cgroups of lives that it freezes, or has frozen. */
  frozen: v.optional(
    v.array(v.pipe(v.string(), v.regex(/^\/[^\0]*\/xm-[0-9a-f]{12}\/[\w-]+$/))),
    [],
  ),
  /** The copy's name once it is whole, and what is written to the file again after it was emptied (base64). */
  cut: v.nullable(
    v.strictObject({ name: v.pipe(v.string(), v.regex(/^[^/]+$/)), rest: v.string() }),
  ),
});

/** What stands still for a rotation. */
export interface Halted {
  readonly stopped: readonly Identity[];
  readonly frozen: readonly string[];
}

export type Intent = v.InferOutput<typeof intentSchema>;

/** One file of an app. */
export interface LogToRotate {
  readonly file: string;
  /** The app's user, where it is not the daemon's own. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  readonly rule: RotationRule;
}

/** From God. */
export type RotatorOrder =
  /** Rotates a file, also a small one, then tends it. */
  | { readonly order: "rotate"; readonly number: number; readonly log: LogToRotate }
  /** Compresses and removes rotated files: what its lane has rotated, or what has grown old. */
  | { readonly order: "tend"; readonly logs: readonly LogToRotate[] }
  /** Removes the oldest rotated files of all of them until there is room. */
  | {
      readonly order: "makeRoom";
      readonly logs: readonly LogToRotate[];
      readonly rule: LogSpaceRule;
    }
  /** Every file that is written to: none of them is a rotated one, whatever it is called. */
  | { readonly order: "live"; readonly files: readonly string[] };

/** How a rotation ended. */
export interface RotationOutcome {
  /** `empty`: nothing was in it. `later`: its writers could not be stopped in time, and it is tried again. */
  readonly kind: "rotated" | "empty" | "later" | "failed";
  /** The rotated file. */
  readonly to?: string | undefined;
  readonly bytes?: number | undefined;
  /** How long its writers stood still; ms. */
  readonly pauseMs?: number | undefined;
  readonly why?: string | undefined;
}

/** To God. */
export type RotatorNews =
  | { readonly news: "rotated"; readonly number: number; readonly outcome: RotationOutcome }
  /** Writers are paused, and must be resumed unless the next line says that they run. */
  | { readonly news: "stopping" }
  | { readonly news: "running" }
  | { readonly news: "note"; readonly text: string }
  /** Nothing is left to be done. */
  | { readonly news: "idle" };
