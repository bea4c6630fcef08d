import type { HistoryRecordView, ProcessView } from "../connection/types.ts";
import { traceLives } from "./lives.ts";
import { traceReloads } from "./reloads.ts";
import { traceStarts } from "./starts.ts";
import type { TakeTrace } from "./span.ts";

/** Makes traces of what the machines did: a life, a reload, a start of apps that depend on each other. */
export function traceRecords(options: {
  readonly dependenciesOf: (app: string) => readonly string[];
  readonly done: TakeTrace;
}): {
  readonly know: (process: ProcessView) => void;
  readonly take: (record: HistoryRecordView) => void;
} {
  const { dependenciesOf, done } = options;
  const lives = traceLives(done);
  const takers = [lives.take, traceReloads(done), traceStarts(dependenciesOf, done)];
  return {
    know: lives.know,
    take: (record) => {
      for (const take of takers) take(record);
    },
  };
}
