import * as v from "valibot";
import { historyKinds } from "../history.ts";
import {
  decisionSchema,
  exitSchema,
  processDetailSchema,
  processSchema,
} from "./process-schemas.ts";
import { count, nullable, text, time } from "./schema-words.ts";

/** One moment of the history: a transition of a machine (of a process, a reload, an app, God), or a daemon that started. */
export const historyRecordSchema = v.object({
  seq: v.pipe(
    count(),
    v.description("grows by one from record to record, over all daemons of a home"),
  ),
  at: time(),
  kind: v.picklist(historyKinds),
  id: v.pipe(v.number(), v.description("-1 for a record of no process")),
  generation: count(),
  app: text(),
  name: text(),
  event: v.pipe(
    text(),
    v.description(
      "the cause, for example `child.exited`; for the next step of a reload that step, for example `reload.draining`",
    ),
  ),
  states: v.pipe(text(), v.description("the states it is in after it, without their parents")),
  status: nullable(processSchema.entries.status),
  pid: nullable(count()),
  restarts: count(),
  unstableRestarts: count(),
  exit: v.pipe(nullable(exitSchema), v.description("the exit that this record reports")),
  decision: v.pipe(
    nullable(decisionSchema),
    v.description("the decision that this record reports"),
  ),
  reload: nullable(
    v.object({
      by: text(),
      done: count(),
      total: count(),
      ids: v.array(count()),
      failure: nullable(
        v.object({
          id: v.number(),
          at: time(),
          reason: text(),
          lastWords: v.optional(v.array(text())),
        }),
      ),
    }),
  ),
  by: v.pipe(nullable(text()), v.description("who asked, or what tripped, in words")),
  sensor: nullable(v.picklist(["memory", "cron", "watch", "heartbeat", "liveness", "cpu", "age"])),
  version: v.pipe(
    nullable(text()),
    v.description("at the start of a life: the version of the program"),
  ),
  revision: v.pipe(
    nullable(v.object({ from: nullable(text()), to: text() })),
    v.description("at the start of a life with another commit than before: both commits"),
  ),
  goal: processDetailSchema.entries.goal,
  readiness: processSchema.entries.readiness,
  restartAt: nullable(time()),
  killAt: nullable(time()),
  judgement: v.pipe(
    nullable(v.looseObject({})),
    v.description("with a decision: all values that the rules compared, by name"),
  ),
  startedAt: v.pipe(nullable(time()), v.description("start of the current life")),
  backoffMs: count(),
  failure: v.pipe(
    processDetailSchema.entries.failure,
    v.description("why it cannot be started, if this record reports it"),
  ),
  createdAt: v.pipe(
    nullable(time()),
    v.description("first declared or last restarted by a command, if this record reports it"),
  ),
  context: v.pipe(
    nullable(v.record(v.string(), v.unknown())),
    v.description(
      "the context of an app, a reload or God, without values of the environment; an app's specification where it is new",
    ),
  ),
  cause: v.pipe(
    nullable(v.object({ event: text(), id: nullable(v.number()) })),
    v.description("for a reload: the event that led here, and its process"),
  ),
  guards: v.pipe(
    nullable(v.array(v.object({ guard: text(), result: v.boolean(), saw: v.looseObject({}) }))),
    v.description(
      "for a reload: the answers of its guards on the way here, with the values they compared",
    ),
  ),
});
