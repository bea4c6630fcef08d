import type { ProbeSpec } from "../../../machines/probes.ts";
import { messageOf } from "../../contract/errors.ts";

/** What an answer comes to. */
export type Answer = { readonly isGood: true } | { readonly isGood: false; readonly why: string };

/** Asks once. It may be ended by the signal, and answers within `timeoutMs` or not at all. */
export type Ask = (options: { signal: AbortSignal; timeoutMs: number }) => Promise<Answer>;

/** Most questions asked at a time, over all apps: the others wait for their turn. */
const mostAtOnce = 8;

/** While the first good answer is awaited, checks run at this interval instead of the period; ms. */
const untilGoodEveryMs = 1_000;

/** An answer this much later than its timeout means that the daemon itself was held up, not the app; ms. */
const slackMs = 1_000;

/** What a probe measures time by; ms. A plan has a virtual one. */
export interface ProbeTime {
  readonly now: () => number;
  readonly setTimeout: (run: () => void, ms: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
  /** From 0 to 1. */
  readonly draw: () => number;
}

const realTime: ProbeTime = {
  now: () => performance.now(),
  setTimeout: (run, ms) => setTimeout(run, ms).unref(),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
  draw: () => Math.random(),
};

/**
 * Asks a process again and again and tells when its answers turn: after `success_threshold` good ones in a row, and after
 * `failure_threshold` bad ones. Answers are counted and never timed, one question is in flight at a time, and what the
 * daemon itself was held up for (SIGSTOP, a suspended machine) is not counted: no app is to blame for it.
 * With `isAwaited` it asks more often until the answers first turn, as Kubernetes does for readiness; of these extra
 * questions only the good answers count, so that the time until it gives up stays what the numbers say.
 * @param told `null` for good, else what was found; only when it is another than before.
 * @param options.isRepeated what stays bad is reported again after as many bad answers more.
 * @param options.withinMs the first question is asked at a random moment of this time, or of a period that is shorter.
 * @returns stops asking.
 */
export function runProbe(
  spec: ProbeSpec,
  ask: Ask,
  told: (found: string | null) => void,
  {
    withinMs = 1_000,
    isAwaited = false,
    isRepeated = false,
    time = realTime,
  }: { withinMs?: number; isAwaited?: boolean; isRepeated?: boolean; time?: ProbeTime } = {},
): () => void {
  const { initialDelayMs, periodMs, timeoutMs, successThreshold, failureThreshold } = spec;
  const abort = new AbortController();
  let timer: unknown;
  let successes = 0;
  let failures = 0;
  let said: "good" | "bad" | undefined;
  /** When the next question is due whose answer counts, good or bad. */
  let dueAt = 0;
  const isDueAgain = (): boolean => isRepeated && failures % failureThreshold === 0;
  const count = (answer: Answer, isExtra: boolean): void => {
    successes = answer.isGood ? successes + 1 : 0;
    if (isExtra && !answer.isGood) return;
    failures = answer.isGood ? 0 : failures + 1;
    if (answer.isGood && successes >= successThreshold && said !== "good") {
      said = "good";
      told(null);
    } else if (!answer.isGood && failures >= failureThreshold && (said !== "bad" || isDueAgain())) {
      said = "bad";
      told(failures === 1 ? answer.why : `${answer.why}, ${failures} times in a row`);
    }
  };
  const once = async (isExtra: boolean): Promise<void> => {
    await slots.enter(abort.signal);
    let answer: Answer;
    const began = time.now();
    try {
      answer = await ask({ signal: abort.signal, timeoutMs });
    } catch (error) {
      answer = { isGood: false, why: messageOf(error) };
    } finally {
      slots.leave();
    }
    const wasHeldUp = time.now() - began > timeoutMs + slackMs;
    if (!abort.signal.aborted && (answer.isGood || !wasHeldUp)) count(answer, isExtra);
  };
  const next = (afterMs: number): void => {
    timer = time.setTimeout(() => void turn(), afterMs);
  };
  const turn = async (): Promise<void> => {
    const began = time.now();
    // A timer may be a fraction of a millisecond early.
    const isExtra = began < dueAt - 1;
    if (!isExtra) dueAt = began + periodMs;
    await once(isExtra);
    if (abort.signal.aborted) return;
    const nextAt =
      isAwaited && said === undefined ? Math.min(dueAt, began + untilGoodEveryMs) : dueAt;
    next(Math.max(0, nextAt - time.now()));
  };
  // Not all at the same moment.
  next(initialDelayMs + time.draw() * Math.min(periodMs, withinMs));
  return () => {
    abort.abort();
    time.clearTimeout(timer);
  };
}

/** A place among those that are asked. */
class Slots {
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  async enter(signal: AbortSignal): Promise<void> {
    if (this.#taken >= mostAtOnce && !signal.aborted) {
      await new Promise<void>((go) => {
        this.#waiting.push(go);
      });
    }
    this.#taken += 1;
  }

  leave(): void {
    this.#taken -= 1;
    this.#waiting.shift()?.();
  }
}

const slots = new Slots();
