import type { ChildFact } from "../../../machines/facts.ts";
import { errnoOf } from "../../contract/errors.ts";
import { isAlive } from "../../host/procfs.ts";

/** How often adopted children are asked for; ms. 50 of them cost 0.05 % of a core. */
const pollEveryMs = 200;

/** Every few polls the start time is compared too: a zombie and a recycled pid answer to `kill(pid, 0)`. */
const fullLookEvery = 5;

const watched = new Map<ChildFact, () => void>();
let timer: NodeJS.Timeout | undefined;
let polls = 0;

/**
 * Watches a child that another daemon spawned: only a parent can wait for it, so it is polled, all by one timer
 * that exists only while there are any.
 * @returns ends the watch.
 */
export function watchAdopted(fact: ChildFact, onEnd: () => void): () => void {
  watched.set(fact, onEnd);
  timer ??= setInterval(pollAll, pollEveryMs);
  return () => forget(fact);
}

/** How often to check for an end that something waits for; ms. */
const pollExpectedEveryMs = 15;

/** The child was asked to end or killed: look for its end at once and often. */
export function expectEnd(fact: ChildFact): void {
  const look = (): void => {
    const onEnd = watched.get(fact);
    if (onEnd === undefined) return;
    if (isAlive(fact)) {
      setTimeout(look, pollExpectedEveryMs).unref();
      return;
    }
    forget(fact);
    onEnd();
  };
  setTimeout(look, 1).unref();
}

function pollAll(): void {
  polls += 1;
  const isFull = polls % fullLookEvery === 0;
  for (const [fact, onEnd] of watched) {
    if (isFull ? isAlive(fact) : answersSignal(fact.pid)) continue;
    forget(fact);
    onEnd();
  }
}

function forget(fact: ChildFact): void {
  watched.delete(fact);
  if (watched.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

/** EPERM means that it exists and belongs to another user. */
function answersSignal(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return false;
    if (errnoOf(error) === "EPERM") return true;
    throw error;
  }
}
