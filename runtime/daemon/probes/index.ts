import type { Fact, SensorInput } from "../../../machines/process-events.ts";
import type { ProbeSpec } from "../../../machines/probes.ts";
import { instanceLogPaths } from "../../host/log-files/paths.ts";
import type { Down } from "../../contract/app-link/protocol.ts";
import type { Questions } from "./questions.ts";
import { askerOf } from "./ask.ts";
import { runProbe } from "./run.ts";

/** Asks the readiness and the liveness probe of a process that can serve; the answer stops it. */
export function startProbes(
  { id, instance, spec, child }: SensorInput,
  {
    beats,
    questions,
    tell,
    now,
    report,
  }: {
    readonly questions: Questions;
    /** To the process, over its own line. */
    readonly tell: (message: Down) => boolean;
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
            question: (order, signal) => questions.ask(child.lifeId, tell, { ...order, signal }),
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
      // A replacement that did not come online is requested again.
      { withinMs: Number.POSITIVE_INFINITY, isRepeated: true },
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
