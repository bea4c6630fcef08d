import { steadyNow } from "../../host/clock.ts";
import type { ProcessFacts } from "../../../machines/facts.ts";
import type { ReadinessKind } from "../../../machines/spec.ts";
import { unmetText } from "../../../machines/dependency-decisions.ts";
import { duration } from "../../../machines/lib/words.ts";
import type { Outcome, OutcomeKind } from "../../contract/api/schemas.ts";
import type { Managed } from "../registry/registry.ts";
import type { Settled } from "./settled.ts";

/** What a command has come to for one process. */
export interface Result {
  readonly ok: boolean;
  readonly kind: OutcomeKind;
  readonly message: string;
  readonly note?: string;
  readonly lastWords?: readonly string[];
}

export function outcomeOf(
  managed: Pick<Managed, "spec" | "facts">,
  after: ProcessFacts,
  result: Result & { readonly changed?: readonly string[] },
): Outcome {
  return {
    id: managed.facts.id,
    name: managed.spec.name,
    ok: result.ok,
    kind: result.kind,
    message: result.message,
    note: result.note ?? null,
    warning: null,
    lastWords: [...(result.lastWords ?? [])],
    changed: [...(result.changed ?? [])],
    status: after.status,
    pid: after.child?.pid ?? null,
  };
}

export function done(kind: OutcomeKind, message: string = kind, note?: string): Result {
  return { ok: true, kind, message, ...(note === undefined ? {} : { note }) };
}

export function failed(message: string, lastWords: readonly string[] = []): Result {
  return { ok: false, kind: "failed", message, lastWords };
}

function overtaken(message: string): Result {
  return { ok: false, kind: "overtaken", message };
}

/**
 * A start succeeds when the process is online. A life that ended before it was ready is a failure, whatever follows,
 * unless the program ended as it is meant to: with code 0 or one of its stop exit codes, and is left so.
 */
export function started(
  { facts, how, awaited, unmet: waitsFor }: Settled,
  word: "started" | "restarted",
): Result {
  const { status, child } = facts;
  const last = facts.decisions.at(-1);
  const sentence = lowerFirst(last?.sentence ?? "it ended");
  if (status === "pending" && how === "overdue") {
    return failed(
      `has not started yet and will start by itself: it waits for ${unmetText(waitsFor)}`,
    );
  }
  if (how === "overdue") return failed(overdue(facts));
  if (how === "ended" || status === "waiting") {
    return failed(`ended before it was ready: ${sentence}`, wordsOf(facts));
  }
  switch (status) {
    case "online":
      return facts.readiness === "late" && child !== null
        ? done(word, word, `${word}, but it ${unmet[awaited]}`)
        : done(word);
    case "errored":
      return failed(facts.failure?.message ?? last?.sentence ?? "errored", wordsOf(facts));
    case "completed":
      return done("ended", `${word}; ${sentence}`, `${word}; ${sentence}`);
    case "failed":
      return failed(`its run failed: ${sentence}`, wordsOf(facts));
    case "removed":
      return overtaken("another command deleted it before it was ready");
    case "stopped":
      if (last?.rule === "wantsStop") {
        return overtaken(
          `${last.exit?.askedBy ?? "another command"} stopped it before it was ready`,
        );
      }
      return last?.exit?.code === 0 || last?.rule === "isStopExitCode"
        ? done("ended", `${word}; ${sentence}`, `${word}; ${sentence}`)
        : failed(`ended before it was ready: ${sentence}`, wordsOf(facts));
    default:
      return failed(`it is ${status}: its state machine has failed, see the daemon's log`);
  }
}

/** What a start has come to: it leaves what runs, and a job whose completion remains. */
export function startedFrom(before: ProcessFacts, end: Settled): Result {
  if (before.status === "online") {
    const note = "already online; `xm restart` ends this run and begins another";
    return end.isJob ? done("unchanged", note, note) : done("unchanged", "already online");
  }
  const isLeft =
    before.status === "completed" &&
    end.facts.status === "completed" &&
    before.lastExit?.at === end.facts.lastExit?.at;
  const note = "has completed already (remain_after_exit); `xm restart` runs it again";
  return isLeft ? done("unchanged", note, note) : started(end, "started");
}

const unready = "has not reported within its listen_timeout that it is ready";

/** What a process that is late has not done. */
const unmet: Readonly<Record<ReadinessKind, string>> = {
  spawned: unready,
  message: unready,
  probe: unready,
  listening: "has not listened on any port within its listen_timeout; its error log may show why",
};

export function stopped(before: ProcessFacts, { facts, how }: Settled): Result {
  if (how === "overdue") return failed(overdue(facts));
  if (facts.status === "removed") return done("stopped", "deleted by another command");
  if (facts.status !== "stopped") {
    return overtaken(`another command started it again: it is ${facts.status}`);
  }
  return before.status === "stopped" ? done("unchanged", "already stopped") : done("stopped");
}

export function deleted({ facts, how }: Settled): Result {
  if (how === "overdue") return failed(overdue(facts));
  return facts.status === "removed"
    ? done("deleted")
    : failed(`it is ${facts.status}: its state machine has failed, see the daemon's log`);
}

/** What the life that has just ended said last; one that could not be spawned said nothing. */
function wordsOf({ failure, lastExit }: ProcessFacts): readonly string[] {
  return failure === null ? (lastExit?.lastWords ?? []) : [];
}

/** A child that has outlived every deadline: the kernel holds it, or its balancer does not answer. */
function overdue({ status, child, createdAt }: ProcessFacts): string {
  if (status === "stopping") {
    return child === null
      ? "it is stopping, and its launcher has not reported its pid: see the daemon's log"
      : `pid ${child.pid} does not end despite SIGKILL; it will be gone once the kernel releases it`;
  }
  const since = duration(steadyNow() - (child?.at ?? createdAt));
  return child === null
    ? `nothing has been started for it yet, ${since} after the request`
    : `pid ${child.pid} has neither become ready nor ended for ${since}`;
}

export function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
