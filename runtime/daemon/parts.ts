import { historyEntry } from "../contract/history.ts";
import { steadyNow } from "../host/clock.ts";
import { createComplaints } from "../host/complaints.ts";
import type { HomePaths } from "../host/home/paths.ts";
import { createGivenFiles } from "./children/given-files.ts";
import type { Children } from "./children/sources.ts";
import { createAppProfiles } from "./metrics/app-profiles.ts";
import { createCustomMetrics } from "./metrics/custom.ts";
import { createSampler } from "./metrics/sampler.ts";
import { openHistory } from "./records/history.ts";
import { createRecorder } from "./records/recorder.ts";
import type { StateStore } from "./state/store.ts";

export type Parts = ReturnType<typeof createParts>;

/** What the daemon keeps beside the machines: clocks, records, measures. */
export function createParts(options: {
  readonly paths: HomePaths;
  readonly store: StateStore;
  readonly log: (line: string) => void;
}) {
  const { paths, store, log } = options;
  const now = steadyNow;
  const wall = (): number => Date.now();
  const complain = createComplaints(log, now);
  const given = createGivenFiles();
  const children: Children = new Map();
  const sampler = createSampler(
    () =>
      new Set(
        [...children.values()].flatMap(({ isInFront, fact }) =>
          isInFront && fact !== undefined ? [fact.pid] : [],
        ),
      ),
  );
  const recorder = createRecorder({ store, now, log });
  const custom = createCustomMetrics();
  const profiles = createAppProfiles();
  const history = openHistory({ folder: paths.history, now: wall, log });
  history.append(historyEntry({ at: wall(), kind: "daemon", event: "started", pid: process.pid }));
  return { now, wall, complain, given, children, sampler, recorder, custom, profiles, history };
}
