import * as v from "valibot";
import { processSchema } from "./process-schemas.ts";
import { count, nullable, text, time } from "./schema-words.ts";

/** What commands come to, and the steps on the way. */

/** What became of one process by a command. */
export const outcomeKinds = [
  "started",
  "restarted",
  "reloaded",
  "stopped",
  "deleted",
  "reset",
  "flushed",
  "sent",
  "declared",
  /** It was already as the command wants it, or was to be left unchanged. */
  "unchanged",
  /** It was started and has exited by itself as intended. */
  "ended",
  /** Another command came between. */
  "overtaken",
  "failed",
] as const;

/** One line of an action's answer: what became of one process. */
export const outcomeSchema = v.object({
  id: count(),
  name: text(),
  ok: v.boolean(),
  kind: v.picklist(outcomeKinds),
  /** For example `started`, `stopped`, `already stopped`, or what went wrong. */
  message: text(),
  note: v.pipe(
    nullable(text()),
    v.description("more about a success; `null` when its kind is enough"),
  ),
  warning: v.pipe(
    nullable(text()),
    v.description("warning about a success that may not last, such as a full disk"),
  ),
  lastWords: v.pipe(
    v.array(text()),
    v.description("of a failure: the last lines that the program wrote to stderr"),
  ),
  /** Names of the settings that a declaration changed. */
  changed: v.array(text()),
  status: processSchema.entries.status,
  pid: nullable(count()),
});

/** One step of a reload, as it is taken. */
export const progressSchema = v.object({
  progress: v.picklist(["starting", "ready", "late", "draining", "stopping", "ended"]),
  at: time(),
  id: count(),
  generation: count(),
  name: text(),
  pid: nullable(count()),
  livedMs: v.pipe(nullable(v.number()), v.description("age of the child")),
});

/** One line of a run's answer: that it has begun, or is waiting for other apps, and how it has ended. */
export const runLineSchema = v.object({
  step: v.picklist(["pending", "begun", "ended"]),
  status: processSchema.entries.status,
  logs: v.pipe(
    v.record(v.string(), v.object({ inode: count(), bytes: count() })),
    v.description("where its log files ended at that moment"),
  ),
  exit: v.pipe(
    processSchema.entries.lastExit,
    v.description("of its last life; null until the end"),
  ),
  failure: processSchema.entries.failure,
  sentence: v.pipe(text(), v.description("what it waits for, or the latest decision")),
});

/** One line of a reload's answer. */
export const reloadLineSchema = v.union([outcomeSchema, progressSchema]);

/** What an app answered to an action. */
export const triggerResultSchema = v.object({
  id: count(),
  name: text(),
  ok: v.boolean(),
  message: text(),
  return: v.unknown(),
});
