import { processSetup } from "./process-setup.ts";

/* How the run of a job has ended; a stop that was asked for leads to `stopped`. */

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
