import type { Goal, ProcessStatus } from "../../../../machines/facts.ts";

/** One of the processes that have an id: in a reload there are two for a while. */
export interface Generation {
  readonly generation: number;
  /** `replacement`: it is started and does not serve yet; `leaving`: it was replaced, or given up, and ends. */
  readonly role: "serving" | "replacement" | "leaving";
  readonly status: ProcessStatus | null;
}

/**
 * The role of each generation, as the app machine has it: those being removed are leaving, the oldest of the rest serves.
 * @returns the one that serves first.
 */
export function rolesOf(
  all: readonly {
    readonly generation: number;
    readonly goal: Goal;
    readonly status: ProcessStatus | null;
  }[],
): Generation[] {
  const sorted = all.toSorted((one, other) => one.generation - other.generation);
  const serving = sorted.find(({ goal }) => goal !== "remove") ?? sorted.at(-1);
  const order = ["serving", "replacement", "leaving"] as const;
  return sorted
    .map((each): Generation => {
      const { generation, goal, status } = each;
      const role =
        each === serving ? "serving" : goal === "remove" ? "leaving" : ("replacement" as const);
      return { generation, role, status };
    })
    .sort((one, other) => order.indexOf(one.role) - order.indexOf(other.role));
}
