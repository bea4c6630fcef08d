import { processSetup } from "./process-setup.ts";

/* A process that has no child, and starts none unless a command, a sensor or its schedule asks for it. */

const begin = { target: "pending", actions: ["heedCommand", "beginAnew"] } as const;
const startWithGroup = {
  guard: "mayStartWithItsGroup",
  target: "pending",
  actions: "beginAnew",
} as const;
const stop = {
  target: "stopped",
  actions: { type: "setGoal", params: { goal: "stop" } },
} as const;
const remove = {
  target: "removed",
  actions: { type: "setGoal", params: { goal: "remove" } },
} as const;

export const completed = processSetup.createStateConfig({
  description: "A job whose run succeeded.",
  tags: "completed",
  entry: ["forgetResume", "reportMove"],
  on: {
    start: [{ guard: "remainsAfterExit" }, begin],
    restart: begin,
    "group.start": startWithGroup,
    stop,
    remove,
  },
});

export const failed = processSetup.createStateConfig({
  description: "A job whose run failed, and that its restart policy does not run again.",
  tags: "failed",
  entry: ["forgetResume", "reportMove"],
  on: {
    start: begin,
    restart: begin,
    "group.start": startWithGroup,
    stop,
    remove,
  },
});

export const errored = processSetup.createStateConfig({
  description:
    "Given up: the restart budget is spent, or the program cannot be started. A command starts it again.",
  tags: "errored",
  entry: "forgetResume",
  on: {
    start: begin,
    restart: begin,
    "group.start": startWithGroup,
    stop,
    remove,
  },
});

export const stopped = processSetup.createStateConfig({
  description: "It has no child and should have none.",
  tags: "stopped",
  entry: ["forgetResume", "reportMove"],
  initial: "resting",
  on: {
    start: begin,
    restart: begin,
    "group.start": startWithGroup,
    stop: { ...stop, reenter: true },
    remove,
  },
  states: {
    resting: {
      description: "Stays stopped until commanded.",
      always: { guard: "isScheduled", target: "scheduled" },
    },
    // A job that has ended by itself is run again by its cron pattern; one that was stopped is not.
    scheduled: { description: "The cron pattern of its app starts it again." },
  },
});

/** What a group asks of a process that has nothing to stop. */
export const givenUpByGroup = [
  {
    guard: "groupEnds",
    target: "#process.errored",
    actions: ["noteGroupOrder", "decideByGroup"],
  },
  {
    guard: "groupRests",
    target: "#process.stopped",
    actions: ["noteGroupOrder", "decideByGroup"],
  },
] as const;

export const held = processSetup.createStateConfig({
  description: "It has ended, and its group says when it starts again.",
  tags: "pending",
  entry: ["forgetResume", "reportMove"],
  always: { guard: "hasNoGroup", target: "pending" },
  on: {
    "group.start": "pending",
    "group.stop": [...givenUpByGroup],
    start: { target: "pending", actions: "heedCommand" },
    restart: begin,
    stop,
    remove,
  },
});
