import type { AnyActorRef, AnyMachineSnapshot } from "xstate";
import { askedBefore } from "../../../machines/guard-readings.ts";
import type { GroupContext } from "../../../machines/group-reading.ts";
import type { ProcessContext } from "../../../machines/process-context.ts";
import { litStates } from "../commands/machine-states.ts";
import { contextOf } from "../records/context.ts";
import type {
  GuardReading,
  MachineName,
  MachineStep,
  MachineView,
} from "../../contract/inspector.ts";
import { pendingDelays } from "./delays.ts";
import { keyOf, type GuardLog } from "../records/guard-log.ts";
import { sentenceOf } from "../../contract/words/sentence.ts";

/** Where a machine is now. @param steps what its latest macrostep did. */
export function machineView(
  { machine, actor }: { machine: MachineName; actor: AnyActorRef },
  steps: readonly MachineStep[],
  { guardLog, now }: { guardLog: GuardLog; now: () => number },
): MachineView {
  const { context } = actor.getSnapshot() as AnyMachineSnapshot;
  const states = litStates(machine, actor);
  const key = keyOf(machine, context);
  return {
    machine,
    of: nameIn(machine, context),
    generation: machine === "process" ? (context as ProcessContext).generation : 0,
    at: now(),
    states,
    context: contextOf(machine, context),
    steps,
    guards: guardLog.readings(key),
    delays: pendingDelays(machine, actor),
    sentence: sentenceOf(machine, context, states),
  };
}

/** The values that the rules of the latest decision compared, even without viewers at the time. */
export function earlierReadings(machine: MachineName, context: unknown): GuardReading[] {
  if (machine !== "process") return [];
  const { decisions, judgement } = context as ProcessContext;
  const last = decisions.at(-1);
  if (last === undefined || judgement === null) return [];
  return askedBefore(last, judgement).map((each) => ({ ...each, at: last.at }));
}

function nameIn(machine: MachineName, context: unknown): string {
  if (machine === "god") return "god";
  if (machine === "group") return (context as GroupContext).place.spec.name;
  return machine === "process"
    ? String((context as { id: number }).id)
    : (context as { key: string }).key;
}
