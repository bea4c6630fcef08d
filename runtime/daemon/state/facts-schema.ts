import * as v from "valibot";
import {
  processStatuses,
  type ProcessFacts,
  type ReloadFacts,
  type Rule,
} from "../../../machines/facts.ts";
import { verdictKinds } from "../../../machines/exit.ts";
import { hookNames } from "../../../machines/hooks.ts";
import { groupSteps, type GroupFacts } from "../../../machines/group-events.ts";
import { lifeIdPattern } from "../../contract/life-id.ts";
import { at, count, ms, numberOrNull, textOrNull, texts } from "./schema-words.ts";

const verdict = v.looseObject({
  probe: v.picklist(verdictKinds),
  why: v.string(),
});

const exit = v.looseObject({
  verdict: v.exactOptional(verdict),
  at,
  code: numberOrNull,
  signal: textOrNull,
  uptimeMs: ms,
  askedBy: textOrNull,
  lastWords: v.exactOptional(texts),
  backgroundPid: v.exactOptional(count),
  outOfMemory: v.exactOptional(
    v.looseObject({ kills: count, limitBytes: numberOrNull, peakBytes: numberOrNull }),
  ),
});

const cause = v.looseObject({ app: v.string(), id: count, at });

const decision = v.looseObject({
  at,
  // Rules come and go with versions, and an old decision is only read aloud: any name will do.
  rule: v.custom<Rule>((rule) => typeof rule === "string", "expected the name of a rule"),
  next: v.picklist(["remove", "stop", "start", "wait", "hold", "give up", "complete", "fail"]),
  exit: v.nullable(exit),
  saw: v.record(v.string(), v.nullable(v.union([v.number(), v.string(), v.boolean()]))),
  delayMs: ms,
  sentence: v.string(),
  cause: v.exactOptional(cause),
});

/** What is known of one process. */
export const processFactsSchema: v.GenericSchema<unknown, ProcessFacts> = v.looseObject({
  id: count,
  generation: v.optional(count, 0),
  app: v.string(),
  instance: count,
  status: v.picklist(processStatuses),
  goal: v.picklist(["run", "restart", "stop", "remove"]),
  removal: v.exactOptional(
    v.picklist(["deleted", "replaced", "discarded", "scaledDown", "shutDown"]),
  ),
  health: v.exactOptional(v.picklist(["starting", "healthy", "unhealthy"])),
  signalled: v.exactOptional(v.literal(true)),
  outOfTraffic: v.exactOptional(v.literal(true)),
  verdict: v.exactOptional(verdict),
  ignoresDependencies: v.exactOptional(v.literal(true)),
  runArgs: v.exactOptional(texts),
  groupOrder: v.exactOptional(
    v.looseObject({
      group: v.string(),
      after: v.picklist(["hold", "end", "rest"]),
      why: v.string(),
    }),
  ),
  held: v.exactOptional(v.literal(true)),
  firedAt: v.exactOptional(v.number()),
  cause: v.exactOptional(cause),
  hook: v.exactOptional(
    v.looseObject({
      name: v.picklist(hookNames),
      // It is the name of files.
      run: v.pipe(v.string(), v.regex(lifeIdPattern, "expected letters, digits, _ and -")),
      at,
      end: v.nullable(v.looseObject({ at, code: numberOrNull, why: textOrNull })),
    }),
  ),
  child: v.nullable(
    v.looseObject({
      // Never a pid that kill(2) takes for a group or for everybody.
      pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
      startTicks: v.number(),
      lifeId: v.pipe(v.string(), v.regex(lifeIdPattern, "expected letters, digits, _ and -")),
      at,
      errorLogBytes: v.exactOptional(count),
      checkout: v.exactOptional(
        v.object({
          root: v.string(),
          branch: v.nullable(v.string()),
          commit: v.nullable(v.string()),
          remote: v.nullable(v.string()),
          system: v.exactOptional(v.picklist(["mercurial", "subversion"])),
        }),
      ),
    }),
  ),
  readiness: v.optional(v.picklist(["pending", "ready", "late"]), "ready"),
  readyMs: v.optional(v.number()),
  uniqueId: v.optional(v.string()),
  createdAt: at,
  restarts: count,
  unstableRestarts: count,
  restartTimes: v.array(v.number()),
  backoffMs: ms,
  restartAt: numberOrNull,
  killAt: numberOrNull,
  lastExit: v.nullable(exit),
  failure: v.nullable(v.looseObject({ at, code: v.string(), message: v.string() })),
  decisions: v.array(decision),
});

/** What is known of one group. */
export const groupFactsSchema: v.GenericSchema<unknown, GroupFacts> = v.looseObject({
  name: v.string(),
  at,
  step: v.picklist(groupSteps),
  since: at,
  restartTimes: v.array(v.number()),
  answered: v.record(v.string(), v.number()),
  round: v.nullable(v.looseObject({ keys: texts, next: textOrNull, asked: v.array(v.number()) })),
  endedAt: numberOrNull,
  why: textOrNull,
  cause: v.optional(cause),
});

/** What is known of one reload. */
export const reloadFactsSchema: v.GenericSchema<unknown, ReloadFacts> = v.looseObject({
  key: v.string(),
  by: v.string(),
  startedAt: at,
  at,
  step: v.picklist(["launching", "draining", "failing", "succeeded", "failed"]),
  concurrency: count,
  surge: v.boolean(),
  force: v.boolean(),
  pending: v.array(count),
  batch: v.array(count),
  done: v.array(count),
  takenOut: v.array(count),
  failure: v.nullable(
    v.looseObject({ id: v.number(), at, reason: v.string(), lastWords: v.exactOptional(texts) }),
  ),
});
