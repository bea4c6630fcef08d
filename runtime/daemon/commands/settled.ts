import type { Unmet } from "../../../machines/dependencies.ts";
import type { Decision, ProcessFacts, ProcessStatus } from "../../../machines/facts.ts";
import type { ReadinessKind } from "../../../machines/spec.ts";
import type { ProcessActor } from "../../../machines/process.ts";
import { factsOf } from "../../../machines/process-view.ts";

/** How a command's wait for a process has ended. */
export interface Settled {
  readonly facts: ProcessFacts;
  /**
   * `arrived`: it is in none of the states that a command passes through. `ended`: the life that was waited for has
   * ended before it was ready, whatever comes next. `overdue`: nothing happens to it any more, though it should.
   */
  readonly how: "arrived" | "ended" | "overdue";
  /** What was waited for in a start. */
  readonly awaited: ReadinessKind;
  /** What it waits for itself. */
  readonly unmet: readonly Unmet[];
  readonly isJob: boolean;
}

/** What the machine's own deadlines are given beyond their time before a wait for them is given up; ms. */
const overdueMs = 10_000;

/** The longest a balancer takes to start, before which a cluster has no worker at all; ms. */
const balancerMs = 20_000;

/** What a machine asks for when it ends a life on purpose: such an end is on the way of a command. */
const asked: readonly Decision["rule"][] = [
  "wantsRemoval",
  "wantsStop",
  "wantsRestart",
  "restartsWithItsGroup",
  "waitsForDependencies",
  "hasItsDependencies",
  "skipsRun",
  "ignoresFailedHook",
];

/** How long what a pending process waits for may stay the same; ms. It starts by itself later, too. */
const stillMs = 60_000;

/**
 * Waits until a process is in none of the states a command passes through, or the wait has lost its sense. It always
 * ends: a life that ends unready ends it, and so does a child that neither gets ready nor dies.
 * @param before what was known of the process when the command was given.
 */
export function settled(
  actor: ProcessActor,
  passing: readonly ProcessStatus[],
  before: Pick<ProcessFacts, "decisions">,
): Promise<Settled> {
  const known = before.decisions.at(-1);
  return new Promise((resolve) => {
    // The machines' own clock: a plan plays commands on a virtual one.
    const { _clock: clock } = actor.system;
    let timer: unknown;
    let watched = "";
    let subscription: { unsubscribe(): void } | undefined;
    const finish = (how: Settled["how"]): void => {
      clock.clearTimeout(timer);
      subscription?.unsubscribe();
      const snapshot = actor.getSnapshot();
      const { unmet, spec } = snapshot.context;
      const { readiness: awaited, restart } = spec.policy;
      const isJob = restart.job !== undefined;
      resolve({ facts: factsOf(snapshot), how, awaited, unmet, isJob });
    };
    const check = (): boolean => {
      const snapshot = actor.getSnapshot();
      const { status, decisions, child, hook } = factsOf(snapshot);
      if (!passing.includes(status)) {
        finish("arrived");
        return true;
      }
      const last = decisions.at(-1);
      if (last !== undefined && last !== known && !asked.includes(last.rule)) {
        finish("ended");
        return true;
      }
      const { unmet } = snapshot.context;
      const running = hook?.end === null ? hook.name : undefined;
      const stage = `${status} ${child?.lifeId} ${running}${unmet.map(({ state }) => ` ${state}`).join()}`;
      if (stage !== watched) {
        watched = stage;
        clock.clearTimeout(timer);
        const { delayMs, spec } = snapshot.context;
        const { listenTimeoutMs } = spec.policy;
        const hookMs = running === undefined ? 0 : (spec.hooks?.[running]?.timeoutMs ?? 0);
        const limitMs = {
          stopping: delayMs,
          pending: stillMs,
          other: listenTimeoutMs + balancerMs,
        }[status === "stopping" || status === "pending" ? status : "other"];
        timer = clock.setTimeout(
          () => finish("overdue"),
          Math.min(limitMs + hookMs + overdueMs, 2 ** 31 - 1),
        );
      }
      return false;
    };
    if (check()) return;
    const end = (): void => finish("arrived");
    subscription = actor.subscribe({ next: () => void check(), error: end, complete: end });
  });
}
