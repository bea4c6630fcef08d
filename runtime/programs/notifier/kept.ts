import { join } from "node:path";
import type { NotifySpec, NotifyTarget } from "../../../machines/notify-spec.ts";
import { messageOf } from "../../contract/errors.ts";
import type { Message, Notice } from "../../contract/notify.ts";
import { writeFileAtomic } from "../../host/atomic.ts";
import { readJsonFact } from "../../host/files/read.ts";

/** A message that is not sent yet. */
export interface Pending {
  readonly app: string;
  readonly target: NotifyTarget;
  readonly message: Message;
  /** Attempts that were begun. */
  attempts: number;
  nextAt: number;
  readonly firstAt: number;
}

export interface RuleState {
  sentAt: number;
  leftOut: number;
  /** The last events of each kind. */
  times: Record<string, number[]>;
  held: { readonly app: string; readonly rule: NotifySpec; readonly notices: Notice[] } | null;
}

/** What outlives the notifier. */
export interface Kept {
  /** The last record of the history that was read; `null` before the first. */
  cursor: number | null;
  rules: Record<string, RuleState>;
  pending: Pending[];
}

const largestBytes = 64 * 1024 * 1024;

/** What the notifier before has left, and writing it. A file that is damaged is as if there were none. */
export function openKept(
  folder: string,
  tell: (line: string) => void,
): { kept: Kept; save: () => void } {
  const file = join(folder, "notices.json");
  const read = readJsonFact(file, largestBytes) as Partial<Kept> | undefined;
  const kept: Kept = {
    cursor: typeof read?.cursor === "number" ? read.cursor : null,
    rules: isFields(read?.rules) ? read.rules : {},
    pending: Array.isArray(read?.pending) ? read.pending : [],
  };
  let isBroken = false;
  const save = (): void => {
    try {
      writeFileAtomic(file, JSON.stringify(kept));
      if (isBroken) tell("notices can be kept again");
      isBroken = false;
    } catch (error) {
      // They are sent all the same; after a kill some are sent once more.
      if (!isBroken) tell(`notices cannot be kept: ${messageOf(error)}`);
      isBroken = true;
    }
  };
  return { kept, save };
}

const isFields = (value: unknown): value is Record<string, RuleState> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
