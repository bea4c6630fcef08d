import { randomUUID } from "node:crypto";
import type { ReloadRequest } from "../../machines/app.ts";
import type { DeclaredApp } from "../../machines/god.ts";
import type { AppSpec } from "../../machines/spec.ts";
import type { ChildFact, ProcessFacts } from "../../machines/facts.ts";
import type { GroupFacts } from "../../machines/group-events.ts";
import type { Resume } from "../../machines/process-events.ts";
import type { UncaughtException } from "../contract/app-link/protocol.ts";
import { messageOf } from "../contract/errors.ts";
import { instanceLogPaths } from "../host/log-files/paths.ts";
import { isAlive } from "../host/procfs.ts";
import { resolveIdentity } from "../host/users.ts";
import { findLives, type FoundLife } from "./children/found-lives.ts";
import { lastWordsOf } from "./children/last-words.ts";
import type { EndedLife } from "./children/left-over.ts";
import { shareEnvironment } from "./registry/balancer-share.ts";
import type { DeclaredApp as DeclaredRecord, OpenReload } from "./state/entries.ts";
import type { Restored } from "./state/store.ts";

export interface Plan {
  readonly at: number;
  readonly apps: readonly DeclaredApp[];
  readonly groups: readonly GroupFacts[];
  readonly notes: readonly string[];
  /** Lives that ended meanwhile and whose trees are to go with them. */
  readonly ended: readonly EndedLife[];
}

/**
 * The state that the daemon continues from: the file gives the past, the kernel the present, and the kernel takes precedence. A child
 * is known by pid and start time, or by the mark in its environment when it was spawned in the instant before
 * the journal could record it; then it has to be a process of the app's user, too.
 */
export function planRestore(options: {
  readonly restored: Restored;
  readonly home: string;
  /** The machine was booted since: no pid of the file means anything. */
  readonly wasRebooted: boolean;
  readonly at: number;
  /** How a life ended that no process of this home waited for. */
  readonly endOf: (lifeId: string) => Resume["end"];
  /** The exception that a life ended by, if it left one. */
  readonly exceptionOf?: (lifeId: string) => UncaughtException | undefined;
}): Plan {
  const { restored, home, wasRebooted, at, endOf, exceptionOf = () => undefined } = options;
  const lives = wasRebooted ? new Map<number, FoundLife[]>() : findLives(home);
  const notes = [...restored.notes];
  const counts = { alive: 0, gone: 0 };

  const known = new Set(restored.processes.flatMap(({ child }) => child?.lifeId ?? []));
  const ended: EndedLife[] = [];
  const resumeOf = (facts: ProcessFacts, spec: AppSpec): Resume => {
    const owner = ownerOf(spec);
    const unknown = (lives.get(facts.id) ?? []).filter(({ lifeId }) => !known.has(lifeId));
    const own = unknown.filter(({ uid }) => uid === owner);
    for (const { stat, uid } of unknown) {
      if (uid === owner) continue;
      notes.push(
        `pid ${stat.pid} carries the mark of process ${facts.id} and belongs to user ${uid}; ignoring it`,
      );
    }
    const { error: errorLog } = instanceLogPaths(spec, facts.id);
    const resume = resumeFrom({
      facts,
      lives: own,
      wasRebooted,
      at,
      endOf,
      wordsOf: ({ lifeId, errorLogBytes = 0 }, code) =>
        lastWordsOf({ errorLog, fromBytes: errorLogBytes, exception: exceptionOf(lifeId), code }),
    });
    if (resume.child !== "none") counts[resume.child] += 1;
    if (resume.child === "gone" && resume.facts.child !== null && spec.killsTree)
      ended.push({ ...resume.facts.child, home, id: facts.id });
    if (resume.facts.child !== null) known.add(resume.facts.child.lifeId);
    return resume;
  };
  const bringUp = ({ key, spec }: DeclaredRecord): DeclaredApp => {
    const own = restored.processes.filter((facts) => facts.app === key);
    const open = restored.reloads.find(({ reload }) => reload.key === key);
    return {
      key,
      spec: shareEnvironment(spec),
      processes: (open === undefined ? rolledBack(own, at) : own).map((facts) => ({
        id: facts.id,
        instance: facts.instance,
        seed: facts.id + at,
        uniqueId: facts.uniqueId ?? randomUUID(),
        resume: resumeOf(facts, spec),
      })),
      ...(open === undefined ? {} : { reload: reloadFrom(open, spec) }),
    };
  };
  const apps = restored.apps.flatMap((app) => {
    try {
      return [bringUp(app)];
    } catch (error) {
      notes.push(`${app.key} cannot be started and is skipped: ${messageOf(error)}`);
      return [];
    }
  });
  for (const { reload } of restored.reloads) notes.push(`resuming the reload of ${reload.key}`);

  if (counts.alive > 0) notes.push(`adopted ${counts.alive} running process(es)`);
  if (counts.gone > 0) notes.push(`${counts.gone} process(es) exited while no daemon was running`);
  const ids = new Set(restored.processes.map(({ id }) => id));
  for (const [id, [first]] of lives) {
    if (!ids.has(id) && first !== undefined) {
      notes.push(
        `pid ${first.stat.pid} runs as process ${id} of this home, which is not in the list; ignoring it`,
      );
    }
  }
  const { groups = [] } = restored;
  return { at, apps: apps.filter(({ processes }) => processes.length > 0), groups, notes, ended };
}

function resumeFrom(options: {
  facts: ProcessFacts;
  lives: readonly FoundLife[];
  wasRebooted: boolean;
  at: number;
  endOf: (lifeId: string) => Resume["end"];
  wordsOf: (child: ChildFact, code: number | null) => readonly string[] | undefined;
}): Resume {
  const { facts, lives, wasRebooted, at, endOf, wordsOf } = options;
  // The clock may have been wrong before or after: what happened is past.
  const restartTimes = facts.restartTimes.map((time) => Math.min(time, at));
  if (wasRebooted) {
    const { hook: _, ...rest } = facts;
    return { facts: { ...rest, restartTimes, child: null }, child: "none", at };
  }
  if (facts.child !== null && isAlive(facts.child)) return { facts, child: "alive", at };
  const [found] = lives;
  if (found !== undefined) {
    const child: ChildFact = {
      pid: found.stat.pid,
      startTicks: found.stat.startTicks,
      lifeId: found.lifeId,
      at,
    };
    const status = facts.goal === "run" || facts.goal === "restart" ? "online" : "stopping";
    return { facts: { ...facts, child, status, killAt: at }, child: "alive", at };
  }
  if (facts.child === null) return { facts, child: "none", at };
  const seen = within(endOf(facts.child.lifeId), facts.child.at, at);
  const lastWords = wordsOf(facts.child, seen?.code ?? null);
  if (seen === undefined && lastWords === undefined) return { facts, child: "gone", at };
  const end = { ...(seen ?? { at, code: null, signal: null }), ...(lastWords && { lastWords }) };
  return { facts, child: "gone", at, end };
}

/** An app says when it ended: not before it began, and not later than now. */
function within(end: Resume["end"], from: number, to: number): Resume["end"] {
  return end && { ...end, at: Math.max(from, Math.min(end.at, to)) };
}

/** Two generations without a reload that knows of them: the older one keeps serving, the newer one is removed. */
function rolledBack(processes: readonly ProcessFacts[], at: number): ProcessFacts[] {
  return processes.map((facts) => {
    const isNewer = processes.some(
      ({ id, generation, goal }) =>
        id === facts.id && generation < facts.generation && goal !== "remove",
    );
    if (!isNewer) return facts;
    return { ...facts, goal: "remove" as const, status: "stopping" as const, killAt: at };
  });
}

/** A reload that the daemon before did not finish. */
function reloadFrom({ reload, spec }: OpenReload, own: AppSpec): ReloadRequest {
  const { by, surge, force } = reload;
  return { by, surge, force, ids: [], spec: spec ?? own, resume: reload };
}

/** Whose processes an app's children are; `undefined` when its user is not there. */
function ownerOf({ uid, gid }: AppSpec): number | undefined {
  const identity = resolveIdentity(uid, gid);
  return typeof identity === "string" ? undefined : (identity.uid ?? process.geteuid?.());
}
