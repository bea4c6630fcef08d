import type { Up } from "../../contract/app-link/protocol.ts";

type Part = Extract<Up, { type: "profile" }>;

/** Profiles that apps take of themselves. */
export interface AppProfiles {
  /** Takes a message of an app; others than parts of profiles are left alone. */
  hear(lifeId: string, message: Up): void;
  /** This life has ended. */
  forget(lifeId: string): void;
  expect(lifeId: string, listener: (part: Part | undefined) => void): Expected;
}

interface Expected {
  readonly ticket: number;
  end(): void;
}

export function createAppProfiles(): AppProfiles {
  const waiting = new Map<number, { lifeId: string; listener: (part: Part | undefined) => void }>();
  let last = 0;
  return {
    hear: (lifeId, message) => {
      if (message.type !== "profile") return;
      const found = waiting.get(message.ticket);
      if (found?.lifeId === lifeId) found.listener(message);
    },
    forget: (lifeId) => {
      for (const each of waiting.values()) if (each.lifeId === lifeId) each.listener(undefined);
    },
    expect: (lifeId, listener) => {
      const ticket = (last += 1);
      waiting.set(ticket, { lifeId, listener });
      return { ticket, end: () => void waiting.delete(ticket) };
    },
  };
}
