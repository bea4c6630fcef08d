import type { Fact, SensorInput } from "../../../machines/process-events.ts";
import type { Check, ProbeSpec } from "../../../machines/probes.ts";
import { runProbe, type Ask, type ProbeTime } from "./run.ts";

/** Asks the readiness and the liveness probe of a process that can serve; the answer stops it. */
export function startProbes(
  { spec, child }: Pick<SensorInput, "spec" | "child">,
  {
    asker,
    now,
    report,
    time,
  }: {
    /** How a question is put. */
    readonly asker: (check: Check) => Ask;
    readonly now: () => number;
    readonly report: (fact: Fact) => void;
    /** The real one by default. */
    readonly time?: ProbeTime;
  },
): () => void {
  const { probes } = spec.policy;
  if (probes === null || child === null) return () => {};
  const ask = (
    probe: ProbeSpec | null,
    told: (found: string | null) => void,
    options?: Parameters<typeof runProbe>[3],
  ): (() => void) =>
    probe === null
      ? () => {}
      : runProbe(probe, asker(probe.check), told, {
          ...options,
          ...(time === undefined ? {} : { time }),
        });
  const stops = [
    ask(
      probes.readiness,
      (why) =>
        report(
          why === null
            ? { type: "probe.ready", at: now() }
            : { type: "probe.unready", at: now(), why },
        ),
      { isAwaited: true },
    ),
    ask(
      probes.liveness,
      (why) =>
        report(
          why === null
            ? { type: "probe.passing", at: now() }
            : { type: "probe.failing", at: now(), why },
        ),
      // Nobody waits for the first answer: a hundred apps are asked over the whole of a period.
      // A replacement that did not come online is requested again.
      { withinMs: Number.POSITIVE_INFINITY, isRepeated: true },
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
