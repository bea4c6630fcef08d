import type { ProcessContext } from "./process-context.ts";
import type { SensorInput } from "./process-events.ts";
import { startHook } from "./process-preparing.ts";
import { processSetup } from "./process-setup.ts";

const sensorInput = ({ context }: { context: ProcessContext }): SensorInput => {
  const { id, generation, instance, spec, child } = context;
  return { id, generation, instance, spec, child };
};

/** A child that serves: how old it is, what its probes say, what may restart it, and what it follows. */
export const online = processSetup.createStateConfig({
  description: "The child is ready. After min_uptime it is stable; sensors may ask for a restart.",
  tags: "online",
  entry: "reportReady",
  type: "parallel",
  on: {
    "bond.stop": {
      target: "stopping",
      actions: [{ type: "setGoal", params: { goal: "stop" } }, "beginGracePeriod"],
    },
    "bond.restart": {
      target: "stopping",
      actions: [
        { type: "setGoal", params: { goal: "restart" } },
        "countAskedRestart",
        "beginGracePeriod",
      ],
    },
    "sensor.tripped": [
      { guard: "takesItsTurn", actions: "reportTrip" },
      {
        target: "stopping",
        actions: [
          { type: "setGoal", params: { goal: "restart" } },
          "countAskedRestart",
          "beginGracePeriod",
        ],
      },
    ],
  },
  states: {
    hooks: startHook,
    bonds: {
      description: "Whether it follows the apps that it depends on.",
      initial: "free",
      states: {
        free: {
          description: "It keeps running whatever happens to them.",
          always: { guard: "hasBonds", target: "bound" },
        },
        bound: {
          description: "It follows the end or the restarts of an app.",
          invoke: {
            id: "bonds",
            src: "bonds",
            input: ({ context: { spec, child } }) => ({ spec, since: child?.at ?? 0 }),
            onError: {
              target: "broken",
              actions: { type: "noteBroken", params: { what: "bonds" } },
            },
          },
        },
        broken: {
          description: "They cannot be watched; the process keeps running.",
        },
      },
    },
    uptime: {
      description: "How old the life is.",
      initial: "fresh",
      states: {
        fresh: {
          description: "Younger than min_uptime: an exit now counts as unstable.",
          always: [
            { guard: "hasRunTimeout", target: "limited" },
            { guard: "isJob", target: "running" },
          ],
          after: { minUptime: { target: "stable" } },
        },
        stable: {
          description: "Older than min_uptime.",
          entry: "forgetUnstableExits",
        },
        running: { description: "A job: it runs until its work is done." },
        limited: {
          description: "A job whose run may take run_timeout.",
          after: {
            runTimeout: {
              target: "#process.alive.stopping",
              actions: "noteRunTimeout",
            },
          },
        },
      },
    },
    sensors: {
      description: "What may ask for a restart.",
      initial: "off",
      states: {
        off: {
          description: "No sensors configured.",
          always: [
            { guard: "hasProbes", target: "probing" },
            { guard: "hasSensors", target: "watching" },
          ],
        },
        watching: {
          description: "The sensors are watching.",
          invoke: {
            id: "sensors",
            src: "sensors",
            input: sensorInput,
            onError: {
              target: "broken",
              actions: { type: "noteBroken", params: { what: "sensors" } },
            },
          },
        },
        probing: {
          description: "The sensors are watching, and its probes run.",
          type: "parallel",
          invoke: {
            id: "sensors",
            src: "sensors",
            input: sensorInput,
            onError: {
              target: "broken",
              actions: { type: "noteBroken", params: { what: "sensors" } },
            },
          },
          states: {
            readiness: {
              description: "Whether it can serve now.",
              initial: "unknown",
              on: {
                "probe.ready": { target: ".ready" },
                "probe.unready": { target: ".notReady", actions: "noteFinding" },
              },
              states: {
                unknown: {
                  description: "No answer yet, or no readiness probe.",
                  always: { guard: "wasOutOfTraffic", target: "notReady.outOfTraffic" },
                },
                ready: {
                  description: "Its readiness probe succeeds.",
                  entry: "reportJudged",
                },
                notReady: {
                  description: "Its readiness probe has failed.",
                  entry: "reportJudged",
                  initial: "inTraffic",
                  on: { "probe.unready": { actions: "noteFinding" } },
                  states: {
                    inTraffic: {
                      description: "It takes connections.",
                      on: { "traffic.leave": { target: "outOfTraffic" } },
                    },
                    outOfTraffic: {
                      description: "The other processes of its cluster take the connections.",
                      entry: "leaveTraffic",
                      on: {
                        "traffic.enter": { target: "inTraffic", actions: "enterTraffic" },
                        "probe.ready": {
                          target: "#process.alive.online.sensors.probing.readiness.ready",
                          actions: "enterTraffic",
                        },
                      },
                    },
                  },
                },
              },
            },
            liveness: {
              description: "Whether it has to be restarted.",
              initial: "unknown",
              on: {
                "probe.passing": { target: ".passing" },
                "probe.failing": [
                  {
                    guard: "isReplacedFirst",
                    target: ".failing",
                    actions: ["noteFinding", "reportUnhealthy"],
                  },
                  {
                    guard: "isRestarted",
                    target: "#process.alive.stopping",
                    actions: ["noteVerdict", "beginGracePeriod"],
                  },
                  { target: ".failing", actions: "noteFinding" },
                ],
              },
              states: {
                unknown: { description: "No answer yet, or no liveness probe." },
                passing: { description: "Its liveness probe succeeds." },
                failing: {
                  description:
                    "Its liveness probe has failed: it is never restarted, or its replacement starts first.",
                },
              },
            },
          },
        },
        broken: {
          description: "The sensors failed; the process keeps running without them.",
        },
      },
    },
  },
});
