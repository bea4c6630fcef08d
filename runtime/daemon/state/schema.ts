import * as v from "valibot";
import { formatVersion, type DeclaredApp, type JournalRecord, type OpenReload } from "./entries.ts";
import { groupFactsSchema, processFactsSchema, reloadFactsSchema } from "./facts-schema.ts";
import { at, count } from "./schema-words.ts";
import { appSpec } from "./spec-schema.ts";

/** One app as it is kept. */
export const declaredAppSchema: v.GenericSchema<unknown, DeclaredApp> = v.looseObject({
  key: v.pipe(v.string(), v.minLength(1)),
  spec: appSpec,
});

/** A reload that has not ended, as it is kept. */
export const openReloadSchema: v.GenericSchema<unknown, OpenReload> = v.looseObject({
  reload: reloadFactsSchema,
  spec: v.nullable(appSpec),
});

/** The shape around what a line holds. */
const line = {
  v: v.literal(formatVersion),
  seq: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  at,
};
const daemonLine = { ...line, pid: v.number(), version: v.string() };

export const journalRecordSchema: v.GenericSchema<unknown, JournalRecord> = v.variant("type", [
  v.looseObject({ ...line, type: v.literal("app.declared"), app: declaredAppSchema }),
  v.looseObject({ ...line, type: v.literal("app.removed"), key: v.string() }),
  v.looseObject({
    ...line,
    type: v.literal("process.changed"),
    event: v.string(),
    facts: processFactsSchema,
  }),
  v.looseObject({
    ...line,
    type: v.literal("process.removed"),
    id: count,
    generation: v.optional(count, 0),
  }),
  v.looseObject({
    ...line,
    type: v.literal("reload.changed"),
    reload: reloadFactsSchema,
    spec: v.nullable(appSpec),
  }),
  v.looseObject({ ...line, type: v.literal("group.changed"), group: groupFactsSchema }),
  v.looseObject({ ...line, type: v.literal("group.removed"), name: v.string() }),
  v.looseObject({ ...daemonLine, type: v.literal("daemon.started") }),
  v.looseObject({ ...daemonLine, type: v.literal("daemon.stopped") }),
]);

/** A snapshot's outer shape; its apps and processes are checked one by one, so that one bad one costs only itself. */
export const snapshotSchema = v.looseObject({
  v: v.literal(formatVersion),
  seq: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  at,
  apps: v.array(v.unknown()),
  processes: v.array(v.unknown()),
  reloads: v.optional(v.array(v.unknown()), []),
  groups: v.optional(v.array(v.unknown()), []),
});

/** Where a value is not what it should be, as one sentence: `facts.child.pid: expected …`. */
export function faultOf(issues: readonly v.BaseIssue<unknown>[]): string {
  const [issue] = issues;
  if (issue === undefined) return "not valid";
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
}
