import { fromCallback } from "xstate";
import type { HookReport } from "../../../machines/hooks.ts";
import type { HookInput } from "../../../machines/process-events.ts";
import type { SourceDependencies } from "../children/sources.ts";
import { adoptHook, startHook, type RunningHook } from "./run.ts";

/**
 * Fills the port `hook`. A machine that has no use for the run any more ends it by `end`; without that word its cleanup
 * is a daemon that leaves, and the run goes on for the next one.
 */
export function hookSource(dependencies: SourceDependencies) {
  const { now, newLifeId, log } = dependencies;
  return fromCallback<{ type: "end" }, HookInput>(({ sendBack, receive, input }) => {
    const { name, id, spec, adopt } = input;
    let running: RunningHook | undefined;
    let isOver = false;
    const tell = (report: HookReport): void => sendBack(report);
    const ended = (code: number | null, why: string | null): void => {
      if (isOver) return;
      isOver = true;
      if (why !== null) log(`${spec.name} (${id}): its ${name} hook failed: ${why}`);
      tell({ type: "hook.ended", at: now(), name, code, why });
    };
    const hook = spec.hooks?.[name];
    if (hook === undefined) {
      // Its declaration has changed since the run began.
      ended(null, null);
      return undefined;
    }
    const around = { ...dependencies, input, hook, ended };
    running = adopt === null ? undefined : adoptHook(adopt, around);
    let starting: NodeJS.Immediate | undefined;
    if (running === undefined) {
      const run = `${name}-${newLifeId()}`;
      tell({ type: "hook.begun", at: now(), name, run });
      // The journal has it before it runs, so that no daemon runs it twice.
      starting = setImmediate(() => {
        running = startHook(run, around);
      });
    }
    receive(() => {
      isOver = true;
      clearImmediate(starting);
      running?.end();
    });
    return () => {
      clearImmediate(starting);
      isOver = true;
      running?.release();
    };
  });
}
