import { hostname } from "node:os";
import { context, SpanStatusCode, trace, type Tracer } from "@opentelemetry/api";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { Scraped } from "../metrics/render.ts";
import { exportersOf, type Protocol, type Tell } from "./exporters.ts";
import { producerOf } from "./metrics.ts";
import { scope } from "./scope.ts";
import type { Span } from "./span.ts";

export { traceRecords } from "./trace-records.ts";
export type { Span } from "./span.ts";

/** Texts of apps, such as the reason of a failure, are cut to this. */
const mostCharacters = 2_048;

/** Sends to an OpenTelemetry collector, by the SDK. */
export interface Otel {
  readonly sendTrace: (root: Span) => void;
  /** Sends all that waits, and ends. */
  readonly close: () => Promise<void>;
}

/** @param everyMs between two exports of metrics; `null` for none but the last, at the end. */
export function openOtel(options: {
  readonly endpoint: string | null;
  readonly protocol: Protocol;
  readonly everyMs: number | null;
  /** `null`: no metrics. */
  readonly scrape: (() => Promise<Scraped>) | null;
  readonly told: Tell;
}): Otel {
  const { everyMs, scrape } = options;
  const resource = resourceFromAttributes({
    "service.name": "exmachina",
    "service.version": scope.version,
    "host.name": hostname(),
  }).merge(detectResources({ detectors: [envDetector] }));
  const { traces, metrics } = exportersOf(options);
  const tracing = new BasicTracerProvider({
    resource,
    spanLimits: { attributeValueLengthLimit: mostCharacters },
    spanProcessors: [new BatchSpanProcessor(traces, { scheduledDelayMillis: 1_000 })],
  });
  const measuring =
    scrape === null
      ? undefined
      : new MeterProvider({
          resource,
          readers: [
            new PeriodicExportingMetricReader({
              exporter: metrics,
              exportIntervalMillis: everyMs ?? 24 * 3_600_000,
              exportTimeoutMillis: Math.min(everyMs ?? 10_000, 10_000),
              metricProducers: [producerOf(resource, scrape)],
            }),
          ],
        });
  const tracer = tracing.getTracer(scope.name, scope.version);
  return {
    sendTrace: (root) => send(tracer, root, context.active()),
    close: async () => {
      await Promise.allSettled([tracing.shutdown(), measuring?.shutdown()]);
    },
  };
}

/** A number would be read as a time since the start of this program, when it is before that: dates are given. */
function send(tracer: Tracer, span: Span, parent: ReturnType<typeof context.active>): void {
  const { name, startMs, endMs, attributes, events, error, children } = span;
  const own = tracer.startSpan(name, { startTime: new Date(startMs), attributes }, parent);
  for (const event of events) own.addEvent(event.name, new Date(event.atMs));
  if (error !== null)
    own.setStatus({ code: SpanStatusCode.ERROR, message: error.slice(0, mostCharacters) });
  const inside = trace.setSpan(parent, own);
  for (const child of children) send(tracer, child, inside);
  own.end(new Date(endMs));
}
