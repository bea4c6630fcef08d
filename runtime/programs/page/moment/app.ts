import type { AppContext } from "../../../../machines/app-context.ts";
import { guardReadings } from "../../../../machines/guard-readings.ts";
import type { AppSpec } from "../../../../machines/spec.ts";
import type { ChartModel } from "../../../charts/chart.ts";
import type { HistoryRecord } from "../../../contract/history.ts";
import type { GuardReading } from "../../../contract/inspector.ts";
import { sentenceOf } from "../../../contract/words/sentence.ts";
import { upTo, type Moment } from "./moment.ts";
import { statesFrom } from "./states.ts";
import { latestWay } from "./way.ts";

/** The context of an app besides its specification, as a record has it. */
interface AppFacts {
  readonly key: string;
  readonly processes: readonly number[];
  readonly replacements: readonly number[];
  readonly leaving: readonly string[];
  readonly isReloading: boolean;
  readonly revivals: number;
}

/**
 * An app as it was at a moment.
 * @param options.records of one app, oldest first; those of its reloads among them are passed over.
 * @returns `undefined` when none of them is that old, or they were written before apps were recorded.
 */
export function appMoment(options: {
  readonly model: ChartModel;
  readonly records: readonly HistoryRecord[];
  readonly at: number;
}): Moment | undefined {
  const { model, at } = options;
  const past = upTo(options.records, at).filter(({ kind }) => kind === "app");
  const record = past.at(-1);
  if (record === undefined) return undefined;
  const { spec: _, reloadSpec, ...facts } = (record.context ?? {}) as Record<string, unknown>;
  const states = statesFrom(model.id, record.states);
  const context = asContext(facts as unknown as AppFacts);
  const spec = specAt(past, at);
  const isReloading = states.includes("app.supervising.reloading");
  const whileReloading = isReloading ? (reloadSpec ?? reloadSpecAt(past)) : null;
  return {
    record,
    missing: spec === undefined ? ["spec", "reloadSpec"] : [],
    note: states.includes("app.gone") ? "It was removed with its last process." : null,
    machine: {
      machine: "app",
      of: record.app,
      generation: 0,
      at: record.at,
      states,
      context: {
        ...facts,
        ...(spec === undefined ? {} : { spec, reloadSpec: whileReloading ?? null }),
      },
      steps: latestWay(model, past),
      guards: guardsOf(record, context, states),
      delays: [],
      sentence: sentenceOf("app", context, states),
    },
  };
}

/** The app's declaration: the last record that has one. */
export function specAt(
  records: readonly HistoryRecord[],
  at: number,
): Partial<AppSpec> | undefined {
  const told = upTo(records, at).findLast(
    ({ kind, context }) => kind === "app" && context?.["spec"] !== undefined,
  );
  return told?.context?.["spec"] as Partial<AppSpec> | undefined;
}

/** The specification of the replacements of the current reload. */
function reloadSpecAt(past: readonly HistoryRecord[]): unknown {
  const begin = past.findLastIndex(({ event }) => event === "app.reload");
  return past.slice(begin).find(({ context }) => context?.["reloadSpec"] !== undefined)?.context?.[
    "reloadSpec"
  ];
}

/** What its guards had to say: both ask for nothing that the record does not have. */
function guardsOf(
  { at, event }: HistoryRecord,
  context: AppContext,
  states: readonly string[],
): GuardReading[] {
  const reading = (guard: string, result: boolean): GuardReading => {
    const saw = guardReadings.app[guard]?.({ context, event: { type: event } }) ?? {};
    return { guard, result, saw, at };
  };
  const isReloading = states.includes("app.supervising.reloading");
  const wasReloading = event === "reload is done";
  return [
    ...(states.includes("app.declared")
      ? []
      : [reading("hasNoProcesses", states.includes("app.gone"))]),
    ...(isReloading || wasReloading ? [reading("isSettled", wasReloading)] : []),
  ];
}

/** As much of the machine's own context as its guards and its sentence use. */
function asContext({ key, processes, replacements, leaving, isReloading }: AppFacts): AppContext {
  const named = (names: readonly (number | string)[]) =>
    Object.fromEntries(names.map((name) => [name, true]));
  return {
    key,
    processes: named(processes),
    successors: named(replacements),
    leaving: named(leaving),
    reload: isReloading ? {} : null,
  } as unknown as AppContext;
}
