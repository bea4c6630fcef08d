import type { Down, Question, Up } from "../../contract/app-link/protocol.ts";

type Reply = Extract<Up, { type: "answer" }>;

/** What is asked of one app over its line, and by when it has to answer; ms. */
export interface Asking {
  readonly about: Question;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Questions that apps answer themselves: over the line to their preload, a worker's through its balancer. */
export interface Questions {
  /** @returns `null` when there is no line to it, or no answer in time. */
  ask(life: string, tell: (message: Down) => boolean, asking: Asking): Promise<Reply | null>;
  /** An answer; one that is no longer expected is dropped, as is one of another life. */
  hear(life: string, reply: Reply): void;
}

export function createQuestions(): Questions {
  const waiting = new Map<number, { life: string; answer: (reply: Reply | null) => void }>();
  let last = 0;
  return {
    ask: (life, tell, { about, timeoutMs, signal }) =>
      new Promise((resolve) => {
        last += 1;
        const ticket = last;
        const end = (): void => answer(null);
        const answer = (reply: Reply | null): void => {
          clearTimeout(timer);
          signal.removeEventListener("abort", end);
          waiting.delete(ticket);
          resolve(reply);
        };
        const timer = setTimeout(end, timeoutMs);
        signal.addEventListener("abort", end);
        waiting.set(ticket, { life, answer });
        if (!tell({ type: "ask", ticket, about })) setImmediate(end);
      }),
    hear: (life, reply) => {
      const asked = waiting.get(reply.ticket);
      if (asked?.life === life) asked.answer(reply);
    },
  };
}
