import type { ProcessView } from "../../runtime/client/connection/types.ts";
import { statusWord } from "../../runtime/compat/status.ts";
import { plain } from "../../runtime/contract/plain.ts";
import { formatBytes, formatPercent } from "../render/format.ts";
import { sparkline, stateLine } from "./graphs.ts";
import { healthColors } from "./list-rows.ts";
import type { Model } from "./model.ts";
import { cut, rule, wrap, type Row } from "./text.ts";

/** About the selected process: why it is where it is, its health, its states and its use of CPU and memory. */
export function detailRows(
  model: Model,
  process: ProcessView,
  { width, body, now }: { width: number; body: number; now: number },
): Row[] {
  if (body < 8) return [];
  const title = rule(`${plain(process.name)} (${process.id})`, width);
  const why = wrap(whyOf(process), width)
    .slice(0, body >= 16 ? 3 : 1)
    .map((text): Row => [{ text, color: "cyan" }]);
  const graphs = body < 14 || width < 40 ? [] : graphRows(model, process, { width, now });
  return [title, ...why, ...healthRow(process, width), ...graphs];
}

/** What was decided last, why it cannot be started, or what it waits for. */
function whyOf({ failure, decision, waitsFor, troubles, status, group }: ProcessView): string {
  const [trouble] = troubles;
  if (failure !== null) return `cannot be started: ${plain(failure.message)}`;
  if (waitsFor.length > 0)
    return `waits for ${plain(waitsFor.map(({ app, condition }) => `${app} (${condition})`).join(", "))}`;
  if (trouble !== undefined) return plain(`${trouble.sensor}: ${trouble.reason}`);
  const why = group?.why ?? null;
  const told = why === null ? "" : ` group ${group?.name}: ${why}`;
  return plain(`${decision ?? `${statusWord(status)}; no decision yet`}${told}`);
}

function healthRow({ health, finding, outOfTraffic }: ProcessView, width: number): Row[] {
  if (health !== "unhealthy" && !outOfTraffic) return [];
  const text = `${health ?? ""}${outOfTraffic ? ", out of traffic" : ""}: ${plain(finding ?? "")}`;
  return [[{ text: cut(text, width), color: healthColors[health ?? "unhealthy"] }]];
}

function graphRows(
  model: Model,
  process: ProcessView,
  { width, now }: { width: number; now: number },
): Row[] {
  const label = (text: string): { text: string; color: "dim" } => ({ text, color: "dim" });
  const line = stateLine(momentsOf(model, process), width - 14, now);
  const states: Row = [label("10 min "), ...line, label(" now")];
  const known = model.usage.get(process.id);
  if (known === undefined) return [states];
  const half = Math.floor((width - 34) / 2);
  const graph = (of: "cpu" | "memory", least: number): string =>
    sparkline({ at: known.at, values: known[of] }, { width: Math.max(4, half), now, least });
  const cpu = `${formatPercent(process.cpuPercent).padStart(6)}  `;
  const memory = formatBytes(process.memoryBytes).padStart(9);
  return [
    states,
    [
      label("cpu    "),
      { text: graph("cpu", 25), color: "green" },
      { text: cpu },
      label("memory "),
      { text: graph("memory", 2 ** 20), color: "blue" },
      { text: memory },
    ],
  ];
}

/** A process that nothing has happened to is as it was. */
function momentsOf(model: Model, { id, status, createdAt }: ProcessView) {
  const known = model.moments.get(id) ?? [];
  return known.length > 0 ? known : [{ at: createdAt, status }];
}
