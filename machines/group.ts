import type { ActorRefFrom, SnapshotFrom } from "xstate";
import { groupSteps, type GroupFacts, type GroupStep } from "./group-events.ts";
import { factsAt, groupSetup } from "./group-setup.ts";

/** The group around it restarts all of it: then it starts with a new budget, as a supervisor that is started again. */
const takenDown = {
  guard: "isTakenDown",
  target: "#group.watching",
  actions: ["see", "beginAnew"],
} as const;

const moved = (step: GroupStep) => ({ type: "tellMoved", params: { step } }) as const;

/**
 * One group: a supervisor in OTP's sense, of apps and of groups within it. The restart policy of an app decides whether it
 * is started again, and its group who else is, in which order, and when that happens too often.
 * What it does follows from the state of its members alone, so that the next daemon comes to the same.
 */
export const groupMachine = groupSetup.createMachine({
  id: "group",
  description: "One group of apps: who is restarted with one that has crashed.",
  context: ({ input: { place, at, resume } }) => ({
    place,
    at: resume?.at ?? at,
    since: resume?.since ?? at,
    restartTimes: resume?.restartTimes ?? [],
    answered: resume?.answered ?? {},
    cause: resume?.cause,
    round: resume?.round ?? null,
    why: resume?.why ?? null,
    endedAt: resume?.endedAt ?? null,
    processes: [],
    groups: [],
    isGuided: false,
    resume,
  }),
  initial: "resuming",
  invoke: {
    id: "members",
    src: "members",
    input: ({ context: { place } }) => ({ name: place.spec.name }),
    onError: { actions: "noteBroken" },
  },
  entry: "tellMembers",
  on: {
    "members.seen": { actions: "see" },
    "group.arrange": { actions: "arrange" },
  },
  states: {
    resuming: {
      description: "It waits until its members are known.",
      always: { guard: "isKnown", target: "resumed" },
    },
    resumed: {
      description: "A passing state: continues where the former daemon left it.",
      always: [
        { guard: "wasStopping", target: "restarting.stopping" },
        { guard: "wasStarting", target: "restarting.starting" },
        { guard: "wasEnding", target: "ending" },
        { guard: "wasEnded", target: "ended" },
        { guard: "wasShuttingDown", target: "shuttingDown" },
        { guard: "wasShutDown", target: "shutDown" },
        { target: "watching" },
      ],
    },
    watching: {
      description: "Its members run, or rest as they should.",
      entry: ["startHeld", moved("watching")],
      on: { "members.seen": [takenDown, { actions: ["see", "startHeld"] }] },
      always: [
        { guard: "hasGivenUp", target: "ending", actions: "recordGivenUp" },
        { guard: "hasCrashed", target: "counting", actions: "countCrashes" },
        { guard: "hasEndedSignificantly", target: "shuttingDown", actions: "recordShutDown" },
        { guard: "hasEnded", actions: "answerEnds" },
      ],
    },
    counting: {
      description: "A passing state: compares the restarts within the window with the limit.",
      always: [
        { guard: "isOverBudget", target: "ending", actions: "recordOverBudget" },
        { guard: "restartsOthers", target: "restarting" },
        { target: "watching" },
      ],
    },
    restarting: {
      description: "A member crashed, and others are restarted with it.",
      initial: "stopping",
      states: {
        stopping: {
          description: "They are stopped, the last one first.",
          entry: ["stopNext", moved("stopping")],
          on: { "members.seen": [takenDown, { actions: ["see", "stopNext"] }] },
          always: [
            { guard: "hasGivenUp", target: "#group.ending", actions: "recordGivenUp" },
            { guard: "hasCrashed", target: "#group.counting", actions: "countCrashes" },
            { guard: "isScopeDown", target: "starting" },
          ],
        },
        starting: {
          description: "They are started, the first one first, each when the one before serves.",
          entry: [moved("starting"), "startNext"],
          on: { "members.seen": [takenDown, { actions: ["see", "startNext"] }] },
          always: [
            { guard: "hasGivenUp", target: "#group.ending", actions: "recordGivenUp" },
            { guard: "hasCrashed", target: "#group.counting", actions: "countCrashes" },
            { guard: "isStarted", target: "#group.watching", actions: "endRound" },
          ],
        },
      },
    },
    ending: {
      description: "It gives up: its members are stopped, the last one first.",
      entry: ["endNext", moved("ending")],
      on: { "members.seen": { actions: ["see", "endNext"] } },
      always: { guard: "isDown", target: "ended" },
    },
    ended: {
      description: "It has given up: the group around it decides, or a command starts a member.",
      entry: moved("ended"),
      always: [
        { guard: "isUpAgain", target: "watching", actions: "beginAnew" },
        { guard: "hasLostItsParent", target: "ending" },
      ],
    },
    shuttingDown: {
      description: "A significant member has ended: the others are stopped, the last one first.",
      entry: ["restNext", moved("shuttingDown")],
      on: { "members.seen": { actions: ["see", "restNext"] } },
      always: { guard: "isAtRest", target: "shutDown" },
    },
    shutDown: {
      description: "It has shut down, because its work is done.",
      entry: moved("shutDown"),
      always: { guard: "isUpAgain", target: "watching", actions: "beginAnew" },
    },
  },
});

export type GroupActor = ActorRefFrom<typeof groupMachine>;

/** Where a group is. */
export function stepOf(snapshot: SnapshotFrom<typeof groupMachine>): GroupStep {
  return (
    groupSteps.find((step) =>
      step === "stopping" || step === "starting"
        ? snapshot.matches({ restarting: step })
        : snapshot.matches(step),
    ) ??
    snapshot.context.resume?.step ??
    "watching"
  );
}

/** What is known of a group now: what the journal keeps of it. */
export function groupFactsOf(group: GroupActor): GroupFacts {
  const snapshot = group.getSnapshot();
  return factsAt(snapshot.context, stepOf(snapshot));
}
