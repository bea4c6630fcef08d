import type { Decision } from "./facts.ts";
import type { HookName, HookReport, HookRun, HookSpec } from "./hooks.ts";
import { howItEnded } from "./lib/words.ts";
import { withDecision } from "./process-after.ts";
import { launchedSpec, type ProcessContext } from "./process-context.ts";
import type { HookInput, ProcessEvent } from "./process-events.ts";
import { isSuccess } from "./restart-policy.ts";

/* What a process knows of its hooks, and what it does about one that has failed. */

type Asked = { readonly context: ProcessContext };

type AskedWith = Asked & { readonly event: ProcessEvent };

function hookOf({ context: { spec } }: Asked, name: HookName): HookSpec | undefined {
  return spec.hooks?.[name];
}

/** It has been begun for this life. */
function isBegun({ context: { hook } }: Asked, name: HookName): boolean {
  return hook?.name === name;
}

/** It has ended for this life, so that it is not run again. */
function isOver(asked: Asked, name: HookName): boolean {
  return isBegun(asked, name) && asked.context.hook?.end !== null;
}

/** The former daemon has started nothing yet. */
function wasStarting({ context: { resume } }: Asked): boolean {
  return resume?.child === "none" && resume.facts.status === "starting";
}

export const ofHooks = {
  hasPreStart: (asked: Asked): boolean => hookOf(asked, "pre_start") !== undefined,
  wasPrepared: (asked: Asked): boolean => wasStarting(asked) && isOver(asked, "pre_start"),
  wasPreparing: (asked: Asked): boolean =>
    wasStarting(asked) && isBegun(asked, "pre_start") && hookOf(asked, "pre_start") !== undefined,
  wasConcluding: (asked: Asked): boolean =>
    asked.context.resume?.child === "none" &&
    asked.context.resume.facts.status === "stopping" &&
    isBegun(asked, "post_stop"),
  hasPostStart: (asked: Asked): boolean =>
    hookOf(asked, "post_start") !== undefined && !isOver(asked, "post_start"),
  hasPreStop: (asked: AskedWith): boolean => {
    const { child, wasSignalled } = asked.context;
    const isAsked = hookOf(asked, "pre_stop") !== undefined && !isOver(asked, "pre_stop");
    return isAsked && child !== null && !wasSignalled && asked.event.type !== "child.lost";
  },
  hasPostStop: (asked: Asked): boolean =>
    // What could not be started for want of a process could run no hook either.
    hookOf(asked, "post_stop") !== undefined &&
    !isOver(asked, "post_stop") &&
    asked.context.failure?.transient !== true,
  hookFailed: ({ context: { spec }, event }: AskedWith): boolean =>
    event.type === "hook.ended" && event.why !== null && spec.hooks?.[event.name]?.mayFail !== true,
};

/** What a hook is given. */
export const hookInput =
  (name: HookName) =>
  ({ context }: Asked): HookInput => {
    const { id, generation, app, instance, uniqueId, child, lastExit, failure, hook } = context;
    const { createdAt, restarts, unstableRestarts } = context;
    const exit = name === "post_stop" ? lastExit : null;
    const ended = failure?.message ?? (exit === null ? null : howItEnded(exit));
    const stops = context.verdict?.why ?? context.askedBy;
    return {
      name,
      id,
      generation,
      app,
      instance,
      spec: launchedSpec(context),
      uniqueId,
      counts: { createdAt, restarts, unstableRestarts },
      child,
      exit,
      reason: name === "post_stop" ? ended : name === "pre_stop" ? stops : null,
      adopt: hook?.name === name && hook.end === null ? hook : null,
    };
  };

/** A new life is prepared: the former one's hooks are past, unless a former daemon has begun to prepare this one. */
export function beginsPreparing({ resume, hook }: ProcessContext): Partial<ProcessContext> {
  const isResumed = resume !== null && hook?.name === "pre_start";
  return { hook: isResumed ? hook : null };
}

/** A process that is stopping has a deadline. */
export function beginsConclusion({ spec, hook, lastExit, failure }: ProcessContext) {
  const at = hook?.name === "post_stop" ? hook.at : (failure?.at ?? lastExit?.at ?? 0);
  return { killAt: at + (spec.hooks?.post_stop?.timeoutMs ?? 0) };
}

export function afterHookBegun(event: ProcessEvent): Partial<ProcessContext> {
  if (event.type !== "hook.begun") return {};
  const { name, run, at } = event;
  return { hook: { name, run, at, end: null } };
}

/** Remembers its end; one that failed and may do so leaves a decision record. */
export function afterHookEnded(
  { hook, spec, goal, decisions }: ProcessContext,
  event: ProcessEvent,
): Partial<ProcessContext> {
  if (event.type !== "hook.ended") return {};
  const { name, at, code, why } = event;
  const known: HookRun = hook?.name === name ? hook : { name, run: "", at, end: null };
  const ended = { hook: { ...known, end: { at, code, why } } };
  const mayFail = spec.hooks?.[name]?.mayFail === true;
  const isOfItsEnd = name === "pre_stop" || (name === "post_stop" && goal !== "run");
  if (why === null || !(mayFail || isOfItsEnd)) return ended;
  const because = mayFail ? "on_failure: ignore" : "it is stopped all the same";
  return { ...ended, decisions: withDecision(decisions, ignoring(event, because)) };
}

function ignoring(
  { at, name, code, why }: HookReport & { type: "hook.ended" },
  because: string,
): Decision {
  const isEnd = name === "pre_stop" || name === "post_stop";
  return {
    at,
    rule: "ignoresFailedHook",
    next: isEnd ? "stop" : "start",
    exit: null,
    saw: { hook: name, code },
    delayMs: 0,
    sentence: `Its ${name} hook failed (${why}), which changes nothing (${because}).`,
  };
}

/** A pre_start that has failed, or was ended by a command, is the end of a life that had no child. */
export function afterPreparing(
  { askedBy }: ProcessContext,
  event: ProcessEvent,
): Partial<ProcessContext> {
  const isFailure = event.type === "hook.ended";
  const why = isFailure ? (event.why ?? "") : "it was ended";
  return {
    child: null,
    endedPid: null,
    killAt: null,
    failure: null,
    lastExit: {
      at: "at" in event ? event.at : 0,
      code: isFailure ? event.code : null,
      signal: null,
      uptimeMs: 0,
      askedBy: isFailure ? null : askedBy,
      verdict: { probe: "preStart", why },
    },
  };
}

/** Why a life is ended that nobody asked to end. */
export function afterVerdict(event: ProcessEvent): Partial<ProcessContext> {
  if (!("why" in event) || event.why === null || event.why === undefined) return {};
  const { type, why } = event;
  const probe =
    type === "hook.ended" ? "postStart" : type === "child.unstarted" ? "startup" : "liveness";
  return { verdict: { probe, why }, askedBy: null, finding: why };
}

/** An end whose post_stop has failed is a failure, as in systemd, unless it was one already. */
export function afterConcluding(
  { lastExit, failure, spec, goal }: ProcessContext,
  event: ProcessEvent,
): Partial<ProcessContext> {
  if (event.type !== "hook.ended" || event.why === null) return {};
  if (failure !== null || goal !== "run") return {};
  if (lastExit === null || lastExit.verdict !== undefined) return {};
  if (!isSuccess(lastExit, spec.policy.restart) && lastExit.signal === null) return {};
  return { lastExit: { ...lastExit, verdict: { probe: "postStop", why: event.why } } };
}

/** The grace period begins when pre_stop has ended; what a former daemon left of it is counted from there, too. */
export function beginsSignal(
  { delayMs, resume, spec: { policy } }: ProcessContext,
  event: ProcessEvent,
): Partial<ProcessContext> {
  const wholeMs = resume === null ? delayMs : policy.killTimeoutMs;
  return "at" in event ? { delayMs: wholeMs, killAt: event.at + wholeMs } : {};
}
