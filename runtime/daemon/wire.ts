import { fromPromise, type AnyStateMachine } from "xstate";
import { appMachine } from "../../machines/app.ts";
import { bondSource, dependencySource } from "../../machines/dependency-watch.ts";
import { godMachine, type DeclaredApp, type GodActor } from "../../machines/god.ts";
import { reloadMachine } from "../../machines/reload.ts";
import { processMachine } from "../../machines/process.ts";
import type { Ports } from "../../machines/lib/port.ts";
import type { MachineName } from "../contract/inspector.ts";
import type { GuardLog } from "./records/guard-log.ts";
import {
  appSensorSource,
  childSource,
  sensorSource,
  type SourceDependencies,
} from "./children/sources.ts";

interface Restored {
  readonly at: number;
  readonly apps: readonly DeclaredApp[];
}

export interface WireDependencies extends SourceDependencies {
  /** What the daemon goes on from. */
  readonly restore: () => Promise<Restored>;
  /** The root, once it is there. */
  readonly god: () => GodActor;
  readonly guardLog: GuardLog;
  /** Told of every answer of a reload's guards, for the history. */
  readonly reloadGuards: Pick<GuardLog, "note">;
}

/**
 * Fills every port of every machine; the only place of the daemon that calls `provide`. Leaves first: `provide` reaches a
 * machine's own ports and not its children's, so a parent receives an already wired child.
 */
export function wireGod(dependencies: WireDependencies): typeof godMachine {
  const { guardLog, reloadGuards } = dependencies;
  const process = processMachine.provide({
    guards: watchedGuards("process", processMachine, guardLog),
    actors: {
      childProcess: childSource(dependencies),
      sensors: sensorSource(dependencies),
      dependencies: dependencySource(dependencies.god, dependencies.now),
      bonds: bondSource(dependencies.god, dependencies.now),
    } satisfies Ports<typeof processMachine>,
  });
  const reload = reloadMachine.provide({
    guards: watchedGuards("reload", reloadMachine, {
      watched: 1,
      note: (asked) => {
        reloadGuards.note(asked);
        if (guardLog.watched > 0) guardLog.note(asked);
      },
    }),
  });
  const app = appMachine.provide({
    guards: watchedGuards("app", appMachine, guardLog),
    actors: {
      process,
      reload,
      sensors: appSensorSource(dependencies),
    } satisfies Ports<typeof appMachine>,
  });
  const restore = fromPromise<Restored, void>(() => dependencies.restore());
  return godMachine.provide({
    guards: watchedGuards("god", godMachine, guardLog),
    actors: { app, restore } satisfies Ports<typeof godMachine>,
  });
}

type Guard = (asked: { context: unknown; event: { type: string } }, params: unknown) => boolean;

/** The guards of a machine, told to the log while somebody watches. */
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
