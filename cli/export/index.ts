import { toCompose } from "./compose.ts";
import type { Exported, ExportOptions } from "./contract.ts";
import { exportedApps, type ExportSource } from "./exported-apps.ts";
import { toKubernetes } from "./kubernetes.ts";
import { toSystemd } from "./systemd.ts";

export const exportFormats = ["systemd", "compose", "k8s"] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** Apps as files of another manager, and what these cannot say. */
export async function exportApps(
  format: ExportFormat,
  source: ExportSource,
  options: ExportOptions,
): Promise<Exported> {
  const apps = exportedApps(source);
  if (format === "systemd") return toSystemd(apps, options);
  return format === "compose" ? toCompose(apps, options) : toKubernetes(apps, options);
}
