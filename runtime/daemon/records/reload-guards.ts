import type { GuardAnswer } from "../../contract/history.ts";
import { sawOf, type Asked } from "./guard-log.ts";

/**
 * What the guards of reloads have said about the event that each was told last. Recorded with or without viewers, for the
 * history: a reload takes a dozen transitions and there is one at a time of an app. Told in the middle of a
 * transition, so that nothing here may throw.
 */
export interface ReloadGuards {
  note(asked: Asked): void;
  /** @param key of the app. @returns `undefined` when none was asked. */
  take(key: string): Answers | undefined;
}

/** A reload that asks more about one event has a fault. */
const mostAnswers = 100;

interface Noted extends Answers {
  /** The event itself: with another one, another transition begins. */
  readonly told: object;
  readonly guards: GuardAnswer[];
}

interface Answers {
  /** The event that they were asked about. */
  readonly event: string;
  /** The process that it told of. */
  readonly id: number | null;
  /** In the order they were asked; the same one more than once, where more than one state was passed. */
  readonly guards: readonly GuardAnswer[];
}

export function createReloadGuards(): ReloadGuards {
  const answers = new Map<string, Noted>();
  return {
    note: ({ guard, result, context, event }) => {
      const { key } = context as { key: string };
      const saw = sawOf("reload", guard, { context, event });
      let noted = answers.get(key);
      if (noted?.told !== event) {
        const { id } = event as { id?: number };
        noted = { told: event, event: event.type, id: id ?? null, guards: [] };
        answers.set(key, noted);
      }
      if (noted.guards.length < mostAnswers) noted.guards.push({ guard, result, saw });
    },
    take: (key) => {
      const taken = answers.get(key);
      answers.delete(key);
      return taken;
    },
  };
}
