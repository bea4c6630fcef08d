import { processSetup } from "./process-setup.ts";

/* A process that has no child, and starts none unless a command, a sensor or its schedule asks for it. */

export const completed = processSetup.createStateConfig({
  description: "A job whose run succeeded.",
  tags: "completed",
  entry: ["forgetResume", "reportMove"],
  on: {
    start: [
      { guard: "remainsAfterExit" },
      { target: "pending", actions: ["heedCommand", "beginAnew"] },
    ],
    restart: { target: "pending", actions: ["heedCommand", "beginAnew"] },
    stop: { target: "stopped", actions: { type: "setGoal", params: { goal: "stop" } } },
    remove: { target: "removed", actions: { type: "setGoal", params: { goal: "remove" } } },
  },
});

export const failed = processSetup.createStateConfig({
  description: "A job whose run failed, and that its restart policy does not run again.",
  tags: "failed",
  entry: ["forgetResume", "reportMove"],
  on: {
    start: { target: "pending", actions: ["heedCommand", "beginAnew"] },
    restart: { target: "pending", actions: ["heedCommand", "beginAnew"] },
    stop: { target: "stopped", actions: { type: "setGoal", params: { goal: "stop" } } },
    remove: { target: "removed", actions: { type: "setGoal", params: { goal: "remove" } } },
  },
});

export const errored = processSetup.createStateConfig({
  description:
    "Given up: the restart budget is spent, or the program cannot be started. A command starts it again.",
  tags: "errored",
  entry: "forgetResume",
  on: {
    start: { target: "pending", actions: ["heedCommand", "beginAnew"] },
    restart: { target: "pending", actions: ["heedCommand", "beginAnew"] },
    stop: { target: "stopped", actions: { type: "setGoal", params: { goal: "stop" } } },
    remove: { target: "removed", actions: { type: "setGoal", params: { goal: "remove" } } },
  },
});

export const stopped = processSetup.createStateConfig({
  description: "It has no child and should have none.",
  tags: "stopped",
  entry: ["forgetResume", "reportMove"],
  initial: "resting",
  on: {
    start: { target: "pending", actions: ["heedCommand", "beginAnew"] },
    restart: { target: "pending", actions: ["heedCommand", "beginAnew"] },
    stop: {
      target: "stopped",
      reenter: true,
      actions: { type: "setGoal", params: { goal: "stop" } },
    },
    remove: { target: "removed", actions: { type: "setGoal", params: { goal: "remove" } } },
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
