import { givenUpByGroup } from "./process-rest.ts";
import { processSetup } from "./process-setup.ts";

/** A process that is to run and has nothing started yet. */
export const pending = processSetup.createStateConfig({
  description: "It starts as soon as its dependencies are met.",
  initial: "looking",
  on: {
    configure: { target: "#process.pending", reenter: true, actions: "applySpec" },
    start: { target: "#process.pending", reenter: true, actions: "heedCommand" },
    restart: { target: "#process.pending", reenter: true, actions: ["heedCommand", "beginAnew"] },
    stop: { target: "#process.stopped", actions: { type: "setGoal", params: { goal: "stop" } } },
    remove: {
      target: "#process.removed",
      actions: { type: "setGoal", params: { goal: "remove" } },
    },
  },
  states: {
    looking: {
      description: "A passing state: it waits only if it has dependencies.",
      always: [
        { guard: "waitsForOthers", target: "waitingForOthers" },
        { guard: "hasPreStart", target: "#process.preparing" },
        { target: "#process.alive" },
      ],
    },
    waitingForOthers: {
      description: "It starts when every condition of depends_on is met.",
      tags: "pending",
      entry: ["forgetResume", "beginPending", "reportMove"],
      exit: "endPending",
      invoke: {
        id: "dependencies",
        src: "dependencies",
        input: ({ context: { app, spec, renewed } }) => ({ app, spec, renewed }),
        onError: { target: "#process.errored", actions: "recordBrokenPort" },
      },
      on: {
        "group.stop": [
          ...givenUpByGroup,
          { target: "#process.held", actions: ["noteGroupOrder", "decideByGroup"] },
        ],
        "dependencies.unmet": { actions: "noteUnmet" },
        "dependencies.met": [
          { guard: "hasPreStart", target: "#process.preparing", actions: "noteMet" },
          { target: "#process.alive", actions: "noteMet" },
        ],
        "dependencies.lost": {
          target: "#process.errored",
          actions: ["noteLost", "reportLost"],
        },
      },
    },
  },
});
