import type { DoneActorEvent, ErrorActorEvent } from "xstate";
import type { Cause } from "./cause.ts";
import type { GroupPlace } from "./group-spec.ts";

/** What follows for a process that its group stops: it is held until its turn, given up, or left stopped. */
export type AfterStop = "hold" | "end" | "rest";

/** What a group asks of a process, and why, for the decision record. */
export interface GroupOrder {
  readonly group: string;
  readonly after: AfterStop;
  readonly why: string;
  /** The member that has set it off. */
  readonly cause?: Cause | undefined;
}

/** What a group tells the processes of its members. */
export type GroupCommand =
  | ({ type: "group.stop"; at: number } & GroupOrder)
  | { type: "group.start"; at: number };

/** Something of a member that a group has to answer once. */
export interface Incident {
  /** When, in ms since the epoch: with its process it tells one from the next. */
  readonly at: number;
  /** `db crashed` */
  readonly text: string;
  /** Of a group within: the member that has set it off. */
  readonly cause?: Cause | undefined;
}

/** A process as its group sees it. */
export interface SeenProcess {
  /** Key of its app. */
  readonly key: string;
  readonly id: number;
  /** `held`: it waits for the word of its group; `waiting`: for its own delay. */
  readonly is: "up" | "starting" | "pending" | "stopping" | "waiting" | "held" | "resting";
  /** The group that holds it, when it has not crashed itself. */
  readonly heldBy: string | null;
  /** It has ended, and its restart policy starts it again. */
  readonly crash: Incident | null;
  /** Its restart policy has given it up. */
  readonly gaveUp: Incident | null;
  /** It has ended by itself, and its restart policy leaves it so. */
  readonly ended: Incident | null;
  /** `restart: never`: it is not started again with the others (OTP: temporary). */
  readonly isTemporary: boolean;
  /** It rests, no command has stopped it, and it is not temporary. */
  readonly mayStart: boolean;
}

/** A group within a group, as that one sees it. */
export interface SeenGroup {
  readonly name: string;
  readonly gaveUp: Incident | null;
  readonly ended: Incident | null;
}

/** What has become of the members; told whenever it is another. */
export interface MembersSeen {
  readonly type: "members.seen";
  readonly at: number;
  readonly processes: readonly SeenProcess[];
  readonly groups: readonly SeenGroup[];
  /** A group around it is restarting or ending its members, and says when each starts. */
  readonly isGuided: boolean;
}

export type GroupEvent =
  | { type: "group.arrange"; at: number; place: GroupPlace }
  | MembersSeen
  | DoneActorEvent
  | ErrorActorEvent;

/** Commands to the port `members`. */
export type ToMembers =
  | { type: "watch"; place: GroupPlace }
  | { type: "order"; key: string; ids: readonly number[]; command: GroupCommand };

/** Where a group is. */
export const groupSteps = [
  "watching",
  "stopping",
  "starting",
  "ending",
  "ended",
  "shuttingDown",
  "shutDown",
] as const;

export type GroupStep = (typeof groupSteps)[number];

/** A restart of several members. */
export interface Round {
  /** Keys of the apps that are restarted, in the order in which they start. */
  readonly keys: readonly string[];
  /** Key of the app whose turn it is to start; `null` when all have had theirs. */
  readonly next: string | null;
  /** Processes of that app that were told to start. */
  readonly asked: readonly number[];
}

/** What is known of a group: written to the journal at each step and enough for the next daemon to continue. */
export interface GroupFacts {
  readonly name: string;
  readonly at: number;
  readonly step: GroupStep;
  /** What has happened before is past. */
  readonly since: number;
  /** When members crashed, within the window. */
  readonly restartTimes: readonly number[];
  /** The latest incident of each process or group that was answered. */
  readonly answered: Readonly<Record<string, number>>;
  readonly round: Round | null;
  /** When it gave up or shut down. */
  readonly endedAt: number | null;
  /** What it does, or has done, and because of what. */
  readonly why: string | null;
  /** The member that has set it off. */
  readonly cause?: Cause | undefined;
}

export interface GroupInput {
  readonly place: GroupPlace;
  readonly at: number;
  readonly resume: GroupFacts | null;
}
