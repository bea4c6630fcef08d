import type { Up } from "../../contract/app-link/protocol.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { changedSettings } from "../registry/spec-changes.ts";

/**
 * Where the processes of each id listen, by generation: a replacement is ready when it listens everywhere that the process
 * which it replaces does, and not at the first of several ports.
 */
export interface Listens {
  /** @param server a port or the path of a socket. */
  add(process: Generation, server: string): void;
  /** Whether it listens wherever the generation before it does. */
  isComplete(process: Generation): boolean;
  /**
   * What is wrong with one that listens nowhere that the generation before it does, although both run the same declaration:
   * a program that looks for a free port finds that of its predecessor taken.
   * @returns `undefined` for any other.
   */
  elsewhere(process: Generation): string | undefined;
  forget(process: Generation): void;
}

interface Generation {
  readonly id: number;
  readonly generation: number;
  readonly spec: AppSpec;
}

interface Known {
  readonly spec: AppSpec;
  readonly servers: Set<string>;
}

export function createListens(): Listens {
  const known = new Map<number, Map<number, Known>>();
  const beforeOf = ({ id, generation }: Generation): Known | undefined =>
    known.get(id)?.get(generation - 1);
  const serversOf = ({ id, generation }: Generation): ReadonlySet<string> =>
    known.get(id)?.get(generation)?.servers ?? new Set();
  return {
    add: ({ id, generation, spec }, server) => {
      const generations = known.get(id) ?? new Map<number, Known>();
      known.set(id, generations);
      const own = generations.get(generation) ?? { spec, servers: new Set() };
      generations.set(generation, own);
      own.servers.add(server);
    },
    isComplete: (process) => {
      const own = serversOf(process);
      return [...(beforeOf(process)?.servers ?? [])].every((server) => own.has(server));
    },
    elsewhere: (process) => {
      const own = [...serversOf(process)];
      const before = beforeOf(process);
      if (before === undefined || own.length === 0) return undefined;
      if (own.some((server) => before.servers.has(server))) return undefined;
      if (!isSame(before.spec, process.spec)) return undefined;
      const expected = [...before.servers].join(", ");
      return `listens on ${own.join(", ")}, and not on ${expected} as the old one does: to let it move there, use \`xm restart\``;
    },
    forget: ({ id, generation }) => {
      const generations = known.get(id);
      generations?.delete(generation);
      if (generations?.size === 0) known.delete(id);
    },
  };
}

/** Whether two declarations let a program do the same: how it is restarted changes nothing of that. */
function isSame(before: AppSpec, after: AppSpec): boolean {
  if (before === after) return true;
  return changedSettings(before, after).every((name) => name.startsWith("policy."));
}

/** The servers that a message reports. */
export function serversIn(message: Up): readonly string[] {
  if (message.type === "listening") return message.server === undefined ? [] : [message.server];
  return message.type === "hello" ? (message.listens ?? []) : [];
}

export function meansListening(message: Up): boolean {
  return message.type === "listening" || (message.type === "hello" && message.isListening);
}
