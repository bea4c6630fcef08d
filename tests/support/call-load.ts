import { messageOf } from "../../runtime/contract/errors.ts";
import { loadOf, type Load } from "./load.ts";

/** One who asks again and again. */
export interface Caller {
  /** @throws what counts as a failed request. */
  ask(): Promise<string>;
  close(): void;
}

/** A load of calls of any kind: each caller asks for the next thing once it has the answer. Nothing is tried twice. */
export function startCalls(callers: number, create: () => Caller): Load {
  const stopping = new AbortController();
  const answers: Record<string, number> = {};
  const failures: Record<string, number> = {};
  let done = 0;
  let failed = 0;
  const run = async (): Promise<void> => {
    const caller = create();
    while (!stopping.signal.aborted) {
      try {
        const answer = await caller.ask();
        answers[answer] = (answers[answer] ?? 0) + 1;
      } catch (error) {
        failed += 1;
        const why = messageOf(error);
        failures[why] = (failures[why] ?? 0) + 1;
      }
      done += 1;
    }
    caller.close();
  };
  const running = Array.from({ length: callers }, run);
  return loadOf(() => ({ done, failed, failures, answers }), stopping, running);
}
