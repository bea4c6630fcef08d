import type { ChartFile } from "../../../charts/chart.ts";
import type { HistoryRecord } from "../../../contract/history.ts";
import type { LogLine, Outcome, ProcessDetail, UsageView } from "../../../contract/api/schemas.ts";
import type { MachineName, Timeline } from "../../../contract/inspector.ts";
import { ask } from "./session.ts";

/** Everything the page asks God for, beside the live stream. All of it is of the same origin. */

export function fetchChart(machine: MachineName): Promise<ChartFile> {
  return json(`/charts/${machine}.json`);
}

export function fetchTimeline(since: number): Promise<Timeline> {
  return json(`/inspector/timeline?since=${Math.floor(since)}`);
}

/** Whose records to read: those of a process, of an app with its reloads, or of God. */
export type RecordsOf =
  | { readonly kind: "process"; readonly id: number }
  | { readonly kind: "app"; readonly key: string }
  | { readonly kind: "god" };

/** The last records, oldest first; with `until` those up to a time. */
export function fetchRecords(
  of: RecordsOf,
  { until, limit }: { until?: number; limit: number },
): Promise<HistoryRecord[]> {
  const whose = {
    process: () => `ids=${(of as { id: number }).id}&kinds=process`,
    app: () => `app=${encodeURIComponent((of as { key: string }).key)}&kinds=app,reload`,
    god: () => "kinds=god,daemon,group",
  };
  const end = until === undefined ? "" : `&until=${Math.floor(until)}`;
  return json(`/v1/history?${whose[of.kind]()}${end}&limit=${limit}`);
}

/** Everything since a record, for all processes. */
export function fetchSince(seq: number): Promise<HistoryRecord[]> {
  return json(`/v1/history?after=${seq}&limit=10000`);
}

/** Memory and CPU over time, of some processes or of all. */
export function fetchUsage(query: {
  readonly ids?: readonly number[];
  readonly since: number;
  readonly until?: number;
  readonly most: number;
}): Promise<UsageView[]> {
  const { ids, since, until, most } = query;
  const whose = ids === undefined ? "" : `&ids=${ids.join(",")}`;
  const end = until === undefined ? "" : `&until=${Math.floor(until)}`;
  return json(`/v1/usage?since=${Math.max(0, Math.floor(since))}${end}&most=${most}${whose}`);
}

export function fetchDetail(id: number): Promise<ProcessDetail> {
  return json(`/v1/processes/${id}`);
}

/** God's live messages about itself and one process. */
export async function* followLive<T>(id: number | null, signal: AbortSignal): AsyncIterable<T> {
  const query = id === null ? "" : `?process=${id}`;
  const response = await ask(`/inspector/live${query}`, { signal });
  if (!response.ok) throw new Error(await problemOf(response));
  const prefix = "data: ";
  for await (const line of textLinesOf(response)) {
    if (line.startsWith(prefix)) yield JSON.parse(line.slice(prefix.length)) as T;
  }
}

export type Action = "start" | "stop" | "restart" | "reset" | "delete" | "reload";

/** Does one thing to a process. @returns what became of it. */
export async function act(action: Action, id: number): Promise<Outcome | undefined> {
  const [path, body] =
    action === "reload"
      ? ["/v1/reloads", { ids: [id], by: "inspector" }]
      : ["/v1/actions", { action, ids: [id], by: "inspector" }];
  const response = await ask(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await problemOf(response));
  let last: Outcome | undefined;
  for await (const line of linesOf(response)) {
    const value = line as Partial<Outcome> & { problem?: { detail: string } };
    if (value.problem !== undefined) throw new Error(value.problem.detail);
    if (value.ok !== undefined) last = value as Outcome;
  }
  return last;
}

/** The last lines of a process's logs, and those that follow. */
export async function* followLogs(
  id: number,
  lines: number,
  signal: AbortSignal,
): AsyncIterable<LogLine> {
  const response = await ask(`/v1/logs?ids=${id}&lines=${lines}&follow=true`, { signal });
  if (!response.ok) throw new Error(await problemOf(response));
  for await (const line of linesOf(response)) {
    if (typeof (line as Partial<LogLine>).line === "string") yield line as LogLine;
  }
}

async function json<T>(path: string): Promise<T> {
  const response = await ask(path);
  if (!response.ok) throw new Error(await problemOf(response));
  return (await response.json()) as T;
}

async function problemOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    return (JSON.parse(text) as { detail?: string }).detail ?? text;
  } catch {
    return `${response.status} ${response.statusText}`;
  }
}

/** The JSON values of a stream, one per line. */
async function* linesOf(response: Response): AsyncIterable<unknown> {
  for await (const line of textLinesOf(response)) if (line !== "") yield JSON.parse(line);
}

async function* textLinesOf(response: Response): AsyncIterable<string> {
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
