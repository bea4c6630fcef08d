import {
  AggregationTemporality,
  DataPointType,
  type CollectionResult,
  type MetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";
import type { Resource } from "@opentelemetry/resources";
import { ValueType, type HrTime } from "@opentelemetry/api";
import { openMetricsType, registryOf, type Scraped } from "../metrics/render.ts";
import { scope } from "./scope.ts";

/** The metrics of `xm metrics`, under the same names and with the same labels as attributes. */
export function producerOf(resource: Resource, scrape: () => Promise<Scraped>): MetricProducer {
  const startTime = now();
  return {
    collect: async (): Promise<CollectionResult> => {
      const registry = registryOf(await scrape(), { type: openMetricsType, pm2Names: false });
      const endTime = now();
      const metrics = (await registry.getMetricsAsJSON()).map(
        ({ name, help, type, values }): MetricData => {
          const isCounter = String(type) === "counter";
          const common = {
            descriptor: {
              name,
              description: help,
              unit: unitOf(name),
              valueType: ValueType.DOUBLE,
            },
            aggregationTemporality: AggregationTemporality.CUMULATIVE,
            dataPoints: values.map(({ value, labels }) => {
              return { startTime, endTime, attributes: { ...labels } as never, value };
            }),
          };
          // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- a union of records with different enums: TypeScript checks each
          return isCounter
            ? { ...common, dataPointType: DataPointType.SUM, isMonotonic: true }
            : { ...common, dataPointType: DataPointType.GAUGE };
        },
      );
      const full = metrics.filter(({ dataPoints }) => dataPoints.length > 0);
      return {
        resourceMetrics: { resource, scopeMetrics: [{ scope, metrics: full }] },
        errors: [],
      };
    },
  };
}

/** The words of OpenTelemetry for a unit, by the ending that Prometheus gives it. */
function unitOf(name: string): string {
  if (/_bytes(_total)?$/.test(name)) return "By";
  if (/_seconds(_total)?$/.test(name)) return "s";
  return "1";
}

function now(): HrTime {
  const ms = Date.now();
  return [Math.floor(ms / 1_000), (ms % 1_000) * 1_000_000];
}
