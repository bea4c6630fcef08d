import { nanoid } from "nanoid";
import { createActor } from "xstate";
import type { GodActor } from "../../machines/god.ts";
import type { HomePaths } from "../host/home/paths.ts";
import { instancePidFile, logFilesOf } from "../host/log-files/paths.ts";
import { createUsage, usageKey, type Usage } from "./metrics/usage.ts";
import { createUsageFiles } from "./metrics/usage-files.ts";
import { createBus, type Bus } from "./bus/bus.ts";
import type { ChildServices } from "./children/contract.ts";
import { endLeftOver } from "./children/left-over.ts";
import { observe } from "./observe.ts";
import type { Parts } from "./parts.ts";
import { createQuestions } from "./probes/questions.ts";
import { createGuardLog, type GuardLog } from "./records/guard-log.ts";
import { createMachineHistory, type MachineHistory } from "./records/machine-history.ts";
import { createReloadGuards } from "./records/reload-guards.ts";
import { createRegistry, type Registry } from "./registry/registry.ts";
import type { Plan } from "./restore.ts";
import type { StateStore } from "./state/store.ts";
import { appSensorSource, sensorSource } from "./children/sensor-sources.ts";
import { childSource, type SourceDependencies } from "./children/sources.ts";
import { hookSource } from "./hooks/source.ts";
import { wireGod } from "./wire.ts";

/** PM2's name for how often the memory is checked; ms. */
const workerIntervalMs = Number(process.env["PM2_WORKER_INTERVAL"]) || 30_000;

/** The root actor, not started yet, and what looks at it and at all that it will keep. */
export interface Root {
  readonly god: GodActor;
  readonly registry: Registry;
  readonly bus: Bus;
  readonly machines: MachineHistory;
  readonly guardLog: GuardLog;
  readonly usage: Usage;
}

export function createRoot(options: {
  readonly paths: HomePaths;
  readonly store: StateStore;
  readonly parts: Parts;
  readonly services: ChildServices;
  readonly plan: Plan;
  readonly log: (line: string) => void;
}): Root {
  const { paths, store, parts, services, plan, log } = options;
  const { now, wall, complain, children, sampler, recorder, custom, profiles, history } = parts;
  const guardLog = createGuardLog(wall);
  const usage = createUsage({
    sampler,
    living: () =>
      registry
        .processes()
        .flatMap(({ facts }) =>
          facts.child === null ? [] : [{ key: usageKey(facts), pid: facts.child.pid }],
        ),
    files: createUsageFiles(paths.usage, complain),
    wall,
    complain,
    sampleMs: Math.min(10_000, workerIntervalMs),
  });
  const reloadGuards = createReloadGuards();
  const world: SourceDependencies = {
    home: paths.home,
    hooks: paths.hooks,
    children,
    services,
    newLifeId: () => nanoid(12),
    now,
    log,
    sensors: {
      sampler,
      usage,
      workerIntervalMs,
      log,
      now,
      beats: (lifeId) => custom.beats(lifeId),
      questions: createQuestions(),
    },
    ownFiles: () =>
      new Set(
        registry
          .processes()
          .flatMap(({ spec, facts: { id } }) => [
            ...logFilesOf(spec, id),
            instancePidFile(spec, id),
          ]),
      ),
    flushed: () => store.flush(),
    onSaid: ({ id, lifeId }, message) => {
      custom.hear(lifeId, message);
      profiles.hear(lifeId, message);
      bus.heard(id, message);
      if (message.type === "unwritable") {
        const { stream, why } = message;
        const name = registry.processes().find(({ facts }) => facts.id === id)?.spec.name ?? "";
        complain(`${id} ${stream}`, `${name} (${id}): output to ${stream} is lost: ${why}`);
      }
    },
  };
  const machine = wireGod({
    sources: {
      childProcess: childSource(world),
      hook: hookSource(world),
      sensors: sensorSource(world),
      appSensors: appSensorSource(world),
    },
    now,
    restore: async () => {
      await endLeftOver(plan.ended, services.groups, log);
      return plan;
    },
    guardLog,
    reloadGuards,
    god: (): GodActor => god,
    onMoved: {
      process: (actor, given) => recorder.moved(actor, given),
      reload: (actor, given) => machines.noteStep(actor, given),
      app: (actor, given) => machines.noteApp(actor, given),
      group: (actor, given) => machines.noteGroup(actor, given),
      god: (actor, given) => machines.noteGod(actor.getSnapshot(), given),
    },
  });
  const god: GodActor = createActor(machine);
  const registry = createRegistry(god);
  const bus = createBus({ registry, recorder, custom, now: wall });
  const isFrozen = (): boolean => recorder.isFrozen();
  const machines = createMachineHistory({ history, reloadGuards, now: wall, isFrozen });
  observe({ god, recorder, store, machines, now, log });
  return { god, registry, bus, machines, guardLog, usage };
}
