import { fromPromise } from "xstate";
import { appMachine } from "../machines/app.ts";
import { godMachine, type DeclaredApp } from "../machines/god.ts";
import { reloadMachine } from "../machines/reload.ts";
import { processMachine } from "../machines/process.ts";
import type { Ports } from "../machines/lib/port.ts";
import { childSource, sensorSource, type SourceDependencies } from "./process/sources.ts";

interface Restored {
  readonly at: number;
  readonly apps: readonly DeclaredApp[];
}

export interface WireDependencies extends SourceDependencies {
  /** What the daemon goes on from. */
  readonly restore: () => Promise<Restored>;
}

/**
 * Fills every port of every machine; the only place of the daemon that calls `provide`. Leaves first: `provide` reaches a
 * machine's own ports and not its children's, so a parent receives an already wired child.
 */
export function wireGod(dependencies: WireDependencies): typeof godMachine {
  const process = processMachine.provide({
    actors: {
      childProcess: childSource(dependencies),
      sensors: sensorSource(dependencies),
    } satisfies Ports<typeof processMachine>,
  });
  const app = appMachine.provide({
    actors: { process, reload: reloadMachine } satisfies Ports<typeof appMachine>,
  });
  const restore = fromPromise<Restored, void>(() => dependencies.restore());
  return godMachine.provide({ actors: { app, restore } satisfies Ports<typeof godMachine> });
}
