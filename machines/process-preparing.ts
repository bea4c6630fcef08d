import { hookInput } from "./process-hooks.ts";
import { processSetup } from "./process-setup.ts";

/* Before and after a life: the hooks that run while there is no child. */

const noteBrokenHook = { type: "noteBroken", params: { what: "hooks" } } as const;

/** The run is ended at once, and what it leaves is post_stop's. */
const setGoal = {
  stop: { type: "setGoal", params: { goal: "stop" } },
  restart: { type: "setGoal", params: { goal: "restart" } },
  remove: { type: "setGoal", params: { goal: "remove" } },
} as const;

export const preparing = processSetup.createStateConfig({
  description: "The pre_start hook runs; the child follows.",
  tags: "starting",
  entry: ["beginPending", "beginPreparing", "reportMove"],
  invoke: {
    id: "hook",
    src: "hook",
    input: hookInput("pre_start"),
    onError: { target: "#process.exited", actions: "recordBrokenPort" },
  },
  exit: "endHook",
  on: {
    "hook.begun": { actions: "noteHookBegun" },
    "hook.ended": [
      {
        guard: "hookFailed",
        target: "#process.concluding",
        actions: ["noteHookEnded", "recordUnprepared", "countUnstable"],
      },
      { target: "#process.alive", actions: "noteHookEnded" },
    ],
    start: {},
    stop: { target: "#process.concluding", actions: [setGoal.stop, "recordUnprepared"] },
    restart: {
      target: "#process.concluding",
      actions: [setGoal.restart, "heedCommand", "recordUnprepared", "beginAnew"],
    },
    remove: { target: "#process.concluding", actions: [setGoal.remove, "recordUnprepared"] },
    "group.stop": {
      target: "#process.concluding",
      actions: [setGoal.restart, "noteGroupOrder", "recordUnprepared"],
    },
  },
});

export const concluding = processSetup.createStateConfig({
  description: "The life has ended; its post_stop hook runs before anything else, if it has one.",
  tags: "stopping",
  initial: "looking",
  on: {
    start: [{ guard: "isBeingRemoved" }, { actions: [setGoal.restart, "heedCommand"] }],
    restart: [{ guard: "isBeingRemoved" }, { actions: [setGoal.restart, "heedCommand"] }],
    stop: [{ guard: "isBeingRemoved" }, { actions: setGoal.stop }],
    remove: { actions: setGoal.remove },
    "group.*": {},
  },
  states: {
    looking: {
      description: "A passing state.",
      always: [{ guard: "hasPostStop", target: "postStop" }, { target: "#process.exited" }],
    },
    postStop: {
      description: "The post_stop hook runs.",
      entry: ["beginConclusion", "reportMove"],
      invoke: {
        id: "hook",
        src: "hook",
        input: hookInput("post_stop"),
        onError: { target: "#process.exited", actions: noteBrokenHook },
      },
      exit: ["endHook", "endConclusion"],
      on: {
        "hook.begun": { actions: "noteHookBegun" },
        "hook.ended": {
          target: "#process.exited",
          actions: ["noteHookEnded", "recordConclusion"],
        },
      },
    },
  },
});

/** Beside a child that serves. */
export const startHook = processSetup.createStateConfig({
  description: "The post_start hook of this life.",
  initial: "looking",
  states: {
    looking: {
      description: "A passing state: it runs once in a life.",
      always: [{ guard: "hasPostStart", target: "postStart" }, { target: "done" }],
    },
    postStart: {
      description: "The post_start hook runs.",
      invoke: {
        id: "hook",
        src: "hook",
        input: hookInput("post_start"),
        onError: { target: "done", actions: noteBrokenHook },
      },
      exit: "endHook",
      on: {
        "hook.begun": { actions: "noteHookBegun" },
        "hook.ended": [
          {
            guard: "hookFailed",
            target: "#process.alive.stopping",
            actions: ["noteHookEnded", "noteVerdict", "beginGracePeriod"],
          },
          { target: "done", actions: "noteHookEnded" },
        ],
      },
    },
    done: { description: "It has run, or there is none." },
  },
});
