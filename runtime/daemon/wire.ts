import { fromPromise, type AnyStateMachine } from "xstate";
import { appMachine, type AppActor } from "../../machines/app.ts";
import { bondSource, dependencySource } from "../../machines/dependency-watch.ts";
import { godMachine, type DeclaredApp, type GodActor } from "../../machines/god.ts";
import type { GroupFacts } from "../../machines/group-events.ts";
import { groupMachine, type GroupActor } from "../../machines/group.ts";
import { memberSource } from "../../machines/group-watch.ts";
import { reloadMachine, type ReloadActor } from "../../machines/reload.ts";
import { processMachine, type ProcessActor } from "../../machines/process.ts";
import type { Ports } from "../../machines/lib/port.ts";
import type { MachineName } from "../contract/inspector.ts";
import type { hookSource } from "./hooks/source.ts";
import type { GuardLog } from "./records/guard-log.ts";
import { observed, type Given } from "./records/observed.ts";
import type { appSensorSource, sensorSource } from "./children/sensor-sources.ts";
import type { childSource } from "./children/sources.ts";

interface Restored {
  readonly at: number;
  readonly apps: readonly DeclaredApp[];
  readonly groups?: readonly GroupFacts[];
}

/** What touches the world: programs, probes, clocks and files. */
export interface Sources {
  readonly childProcess: ReturnType<typeof childSource>;
  readonly hook: ReturnType<typeof hookSource>;
  readonly sensors: ReturnType<typeof sensorSource>;
  readonly appSensors: ReturnType<typeof appSensorSource>;
}

export interface WireDependencies {
  readonly sources: Sources;
  readonly now: () => number;
  /** What the daemon continues from. */
  readonly restore: () => Promise<Restored>;
  /** The root, once it exists. */
  readonly god: () => GodActor;
  readonly guardLog: GuardLog;
  /** Told of every answer of a reload's guards, for the history. */
  readonly reloadGuards: Pick<GuardLog, "note">;
  /** Told of every transition as it is taken (`observed.ts`). */
  readonly onMoved: {
    readonly process: (actor: ProcessActor, given: Given) => void;
    readonly reload: (actor: ReloadActor, given: Given) => void;
    readonly app: (actor: AppActor, given: Given) => void;
    readonly group: (actor: GroupActor, given: Given) => void;
    readonly god: (actor: GodActor, given: Given) => void;
  };
}

/**
 * Fills every port of every machine; the only place that calls `provide`, for the daemon and for `xm plan`, whose world is made up. Leaves first: `provide` reaches a
 * machine's own ports and not its children's, so a parent receives an already wired child.
 */
export function wireGod(dependencies: WireDependencies): typeof godMachine {
  const { sources, guardLog, reloadGuards, onMoved } = dependencies;
  const process = observed(
    processMachine.provide({
      guards: watchedGuards("process", processMachine, guardLog),
      actors: {
        childProcess: sources.childProcess,
        sensors: sources.sensors,
        dependencies: dependencySource(dependencies.god, dependencies.now),
        bonds: bondSource(dependencies.god, dependencies.now),
        hook: sources.hook,
      } satisfies Ports<typeof processMachine>,
    }),
    (actor, given) => onMoved.process(actor as ProcessActor, given),
  );
  const reload = observed(
    reloadMachine.provide({
      guards: watchedGuards("reload", reloadMachine, {
        watched: 1,
        note: (asked) => {
          reloadGuards.note(asked);
          if (guardLog.watched > 0) guardLog.note(asked);
        },
      }),
    }),
    (actor, given) => onMoved.reload(actor as ReloadActor, given),
  );
  const app = observed(
    appMachine.provide({
      guards: watchedGuards("app", appMachine, guardLog),
      actors: {
        process,
        reload,
        sensors: sources.appSensors,
      } satisfies Ports<typeof appMachine>,
    }),
    (actor, given) => onMoved.app(actor as AppActor, given),
  );
  const group = observed(
    groupMachine.provide({
      guards: watchedGuards("group", groupMachine, guardLog),
      actors: {
        members: memberSource(dependencies.god, dependencies.now),
      } satisfies Ports<typeof groupMachine>,
    }),
    (actor, given) => onMoved.group(actor as GroupActor, given),
  );
  const restore = fromPromise<Restored, void>(() => dependencies.restore());
  return observed(
    godMachine.provide({
      guards: watchedGuards("god", godMachine, guardLog),
      actors: { app, group, restore } satisfies Ports<typeof godMachine>,
    }),
    (actor, given) => onMoved.god(actor as GodActor, given),
  );
}

type Guard = (asked: { context: unknown; event: { type: string } }, params: unknown) => boolean;

/** The guards of a machine, recorded while a viewer is connected. */
export function watchedGuards(
  machine: MachineName,
  { implementations }: AnyStateMachine,
  log: Pick<GuardLog, "watched" | "note">,
): never {
  const guards = Object.entries(implementations.guards as Record<string, Guard>);
  return Object.fromEntries(
    guards.map(([guard, ask]): [string, Guard] => [
      guard,
      (asked, params) => {
        const result = ask(asked, params);
        if (log.watched > 0) log.note({ machine, guard, result, ...asked });
        return result;
      },
    ]),
  ) as never;
}
