import { hookInput } from "./process-hooks.ts";
import { processSetup } from "./process-setup.ts";

const noteBrokenHook = { type: "noteBroken", params: { what: "hooks" } } as const;

/** A process whose child is to end. */
export const stopping = processSetup.createStateConfig({
  description: "The child was asked to exit.",
  tags: "stopping",
  entry: "reportStopping",
  initial: "looking",
  on: {
    start: [
      { guard: "isBeingRemoved" },
      { actions: [{ type: "setGoal", params: { goal: "restart" } }, "heedCommand"] },
    ],
    restart: [
      { guard: "isBeingRemoved" },
      { actions: [{ type: "setGoal", params: { goal: "restart" } }, "heedCommand"] },
    ],
    stop: [{ guard: "isBeingRemoved" }, { actions: { type: "setGoal", params: { goal: "stop" } } }],
    remove: { actions: { type: "setGoal", params: { goal: "remove" } } },
    "sensor.tripped": {},
    "child.lost": {},
    "child.signalled": { actions: "noteSignalled" },
    "child.elsewhere": {},
    "child.unstarted": {},
    "probe.*": {},
    "bond.*": {},
    "group.*": {},
  },
  states: {
    looking: {
      description: "A passing state: its pre_stop hook runs first, if it has one.",
      always: [{ guard: "hasPreStop", target: "preStop" }, { target: "graceful" }],
    },
    preStop: {
      description: "The pre_stop hook runs; the stop signal follows.",
      invoke: {
        id: "hook",
        src: "hook",
        input: hookInput("pre_stop"),
        onError: { target: "graceful", actions: noteBrokenHook },
      },
      exit: "endHook",
      on: {
        "hook.begun": { actions: "noteHookBegun" },
        "hook.ended": { target: "graceful", actions: ["noteHookEnded", "beginSignalPeriod"] },
      },
    },
    graceful: {
      description: "It has until the end of the grace period.",
      entry: "askToStop",
      after: { killTimeout: { target: "forced" } },
      on: {
        "child.signalled": {
          guard: "hasTimeToSpare",
          target: "signalled",
          actions: ["noteSignalled", "shortenGracePeriod"],
        },
      },
    },
    signalled: {
      description: "It has finished draining: its own shutdown code has kill_timeout.",
      after: { killTimeout: { target: "forced" } },
    },
    forced: { description: "SIGKILL to its whole tree.", entry: "killTree" },
  },
});
