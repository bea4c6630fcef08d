/**
 * Which files the lives of this daemon were given as their output, by device and inode: an app may put anything else in their
 * place, and what it has there is believed to be its log only when it is the file that was opened for it.
 */
export interface GivenFiles {
  note(lifeId: string, stream: "out" | "err", identity: string): void;
  /** `null` for a life that another daemon has started. */
  of(lifeId: string, stream: "out" | "err"): string | null;
  forget(lifeId: string): void;
}

export function createGivenFiles(): GivenFiles {
  const given = new Map<string, Partial<Record<"out" | "err", string>>>();
  return {
    note: (lifeId, stream, identity) =>
      void given.set(lifeId, { ...given.get(lifeId), [stream]: identity }),
    of: (lifeId, stream) => given.get(lifeId)?.[stream] ?? null,
    forget: (lifeId) => void given.delete(lifeId),
  };
}
