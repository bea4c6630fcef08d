import * as v from "valibot";
import { count, nullable, text, time } from "./schema-words.ts";

const positionSchema = v.object({ inode: count(), bytes: count() });

export const logLineSchema = v.object({
  id: v.pipe(v.number(), v.description("-1 for the daemon's own log")),
  name: text(),
  stream: v.picklist(["out", "err"]),
  line: text(),
  /** When the daemon read it while following, or when the last line of a file was written; of earlier lines `null`. */
  at: nullable(time()),
  file: text(),
  position: v.pipe(
    nullable(positionSchema),
    v.description("end of the line while following; a later request can continue from there"),
  ),
});

/** Which logs to follow, over all daemons of a home. */
export const followRequestSchema = v.strictObject({
  ids: v.array(count()),
  /** Also processes that are declared later: all, or those of these names and namespaces. */
  later: v.optional(
    nullable(v.strictObject({ names: nullable(v.array(text())), namespaces: v.array(text()) })),
    null,
  ),
  /** The daemon's own log too. */
  daemon: v.optional(v.boolean(), false),
  lines: count(),
  follow: v.boolean(),
  streams: v.array(v.picklist(["out", "err"])),
  /** Positions by file, from a stream that was cut. */
  from: v.optional(v.record(v.string(), positionSchema), {}),
});

export const flushRequestSchema = v.strictObject({
  ids: v.array(count()),
  /** The daemon's own log too. */
  daemon: v.optional(v.boolean(), false),
});

export const rotateRequestSchema = v.strictObject({ ids: v.array(count()) });

/** The log files that were handled, and notes about them. */
export const logFilesSchema = v.object({ files: v.array(text()), notes: v.array(text()) });
