/**
 * Where the processes of each id listen, by generation: a replacement is ready when it listens everywhere that the process
 * which it replaces does, and not at the first of several ports.
 */
export interface Listens {
  /** @param server a port or the path of a socket. */
  add(process: Generation, server: string): void;
  /** Whether it listens wherever the generation before it does. */
  isComplete(process: Generation): boolean;
  forget(process: Generation): void;
}

interface Generation {
  readonly id: number;
  readonly generation: number;
}

export function createListens(): Listens {
  const known = new Map<number, Map<number, Set<string>>>();
  return {
    add: ({ id, generation }, server) => {
      const generations = known.get(id) ?? new Map<number, Set<string>>();
      known.set(id, generations);
      generations.set(generation, (generations.get(generation) ?? new Set()).add(server));
    },
    isComplete: ({ id, generation }) => {
      const before = known.get(id)?.get(generation - 1) ?? new Set();
      const own = known.get(id)?.get(generation) ?? new Set();
      return [...before].every((server) => own.has(server));
    },
    forget: ({ id, generation }) => {
      const generations = known.get(id);
      generations?.delete(generation);
      if (generations?.size === 0) known.delete(id);
    },
  };
}
