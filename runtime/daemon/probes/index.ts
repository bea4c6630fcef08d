import type { Fact, SensorInput } from "../../../machines/process-events.ts";
import type { ProbeSpec } from "../../../machines/spec.ts";
import { instanceLogPaths } from "../../host/log-files/paths.ts";
import { askerOf } from "./ask.ts";
import { runProbe } from "./run.ts";

/** Asks the readiness and the liveness probe of a process that can serve; the answer stops it. */
export function startProbes(
  { id, instance, spec, child }: SensorInput,
  {
    beats,
    now,
    report,
  }: {
    readonly beats: (lifeId: string) => number;
    readonly now: () => number;
    readonly report: (fact: Fact) => void;
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
      : runProbe(
          probe,
          askerOf(probe.check, {
            spec,
            instance,
            logs: instanceLogPaths(spec, id),
            begin: { out: 0, error: 0 },
            beats: () => beats(child.lifeId),
          }),
          told,
          options,
        );
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
      { withinMs: Number.POSITIVE_INFINITY },
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
