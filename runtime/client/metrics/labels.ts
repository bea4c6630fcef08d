import type { Gauge, Registry, RegistryContentType } from "prom-client";
import type { ProcessDetail } from "../connection/types.ts";

export type AnyRegistry = Registry<RegistryContentType>;

export const labels = ["app", "instance", "namespace"] as const;

export function labelsOf({ app, instance, namespace }: ProcessDetail): Record<string, string> {
  return { app, instance: String(instance), namespace };
}

export function setIfKnown(
  metric: Gauge,
  own: Record<string, string>,
  value: number | null | undefined,
): void {
  if (value !== null && value !== undefined && Number.isFinite(value)) metric.set(own, value);
}
