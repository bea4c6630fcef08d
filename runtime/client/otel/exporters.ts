import type { PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { SpanExporter } from "@opentelemetry/sdk-trace-base";
import { OTLPTraceExporter as JsonTraces } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufTraces } from "@opentelemetry/exporter-trace-otlp-proto";
import { OTLPMetricExporter as JsonMetrics } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufMetrics } from "@opentelemetry/exporter-metrics-otlp-proto";

/** OTLP's two encodings over HTTP, by the words of `OTEL_EXPORTER_OTLP_PROTOCOL`. */
export type Protocol = "http/protobuf" | "http/json";

/** Where an export came to: told after each. */
export type Tell = (failure: string | null) => void;

/** @param endpoint the base address; without it the SDK's variables (`OTEL_EXPORTER_OTLP_ENDPOINT` …) are read. */
export function exportersOf(options: {
  readonly endpoint: string | null;
  readonly protocol: Protocol;
  readonly told: Tell;
}): { readonly traces: SpanExporter; readonly metrics: PushMetricExporter } {
  const { endpoint, protocol, told } = options;
  const at = (signal: string): { url?: string } =>
    endpoint === null ? {} : { url: `${endpoint.replace(/\/+$/, "")}/v1/${signal}` };
  const isJson = protocol === "http/json";
  const traces = new (isJson ? JsonTraces : ProtobufTraces)(at("traces"));
  const metrics = new (isJson ? JsonMetrics : ProtobufMetrics)(at("metrics"));
  return { traces: watched(traces, told), metrics: watched(metrics, told) };
}

/** Tells how each export ended, which the SDK itself only logs. */
function watched<T extends SpanExporter | PushMetricExporter>(exporter: T, told: Tell): T {
  const send: (items: never, done: Done) => void = exporter.export.bind(exporter);
  exporter.export = (items: unknown, done: Done): void =>
    send(items as never, (result) => {
      told(result.code === 0 ? null : (result.error?.message ?? "it was refused"));
      done(result);
    });
  return exporter;
}

type Done = (result: { readonly code: number; readonly error?: Error }) => void;
