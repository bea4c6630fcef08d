import { setTimeout as pause } from "node:timers/promises";
import { connect } from "../../runtime/client/connection/client.ts";
import type { Client } from "../../runtime/client/connection/types.ts";
import { isDaemonAbsent, XmError, xmError } from "../../runtime/contract/errors.ts";
import { parseAge, parseDuration } from "../../runtime/contract/fields/units.ts";
import { plainLines } from "../../runtime/contract/plain.ts";
import type { Protocol } from "../../runtime/client/otel/exporters.ts";
import { xmCommand } from "../call/command.ts";
import { globals } from "../call/globals.ts";

export default xmCommand({
  name: "otel",
  description: "Sends metrics and traces to an OpenTelemetry collector (OTLP) until Ctrl-C",
  args: {
    endpoint: {
      type: "string",
      description: "The collector's base address, by default http://localhost:4318",
      valueHint: "URL",
    },
    protocol: { type: "string", description: "http/protobuf or http/json", valueHint: "NAME" },
    every: { type: "string", description: "Send metrics at this interval", valueHint: "TIME" },
    since: {
      type: "string",
      description: "First send traces of the last TIME, such as 2h",
      valueHint: "TIME",
    },
    once: { type: "boolean", description: "Send once and exit" },
    metrics: { type: "boolean", description: "Metrics (--no-metrics: traces only)" },
    traces: { type: "boolean", description: "Traces (--no-traces: metrics only)" },
  },
  run: async ({ args }) => {
    const call = {
      endpoint: endpointIn(args.endpoint),
      protocol: protocolIn(args.protocol),
      everyMs: timeIn("--every", args.every ?? "15s", parseDuration, 1_000),
      sinceMs: args.since === undefined ? 0 : timeIn("--since", args.since, parseAge, 1),
      isOnce: args.once === true,
      hasMetrics: args.metrics !== false,
      hasTraces: args.traces !== false,
    };
    const problem = await run(connect({ autostart: false }), call);
    if (problem === null) return;
    throw xmError("ERR_USAGE", {
      what: `not everything was sent: ${plainLines(problem)}`,
      fix: "check --endpoint, and whether the collector takes OTLP over HTTP",
    });
  },
});

interface OtelCall {
  readonly endpoint: string | null;
  readonly protocol: Protocol;
  readonly everyMs: number;
  readonly sinceMs: number;
  readonly isOnce: boolean;
  readonly hasMetrics: boolean;
  readonly hasTraces: boolean;
}

/** @returns what the last export failed of, when that is to be this call's end. */
async function run(client: Client, call: OtelCall): Promise<string | null> {
  const { openOtel, traceRecords } = await import("../../runtime/client/otel/index.ts");
  const { scrape } = await import("../../runtime/client/metrics/index.ts");
  const reports = reporter(call.isOnce);
  const otel = openOtel({
    endpoint: call.endpoint,
    protocol: call.protocol,
    everyMs: call.isOnce ? null : call.everyMs,
    scrape: call.hasMetrics ? () => scrape(client) : null,
    told: reports.told,
  });
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => abort.abort());
  const dependencies = new Map<string, readonly string[]>();
  const traces = traceRecords({
    dependenciesOf: (app) => dependencies.get(app) ?? [],
    done: otel.sendTrace,
  });
  const learn = async (): Promise<void> => {
    for (const { app, spec } of await client.details({}))
      dependencies.set(
        app,
        (spec.dependsOn ?? []).map((each) => each.app),
      );
  };
  if (!globals.isSilent && !call.isOnce)
    process.stdout.write(
      `sending to ${call.endpoint ?? "the collector that the environment names, or http://localhost:4318"}\n`,
    );
  if (call.hasTraces) await follow({ client, call, traces, learn, abort: abort.signal });
  else if (!call.isOnce)
    await new Promise((resolve) => abort.signal.addEventListener("abort", resolve));
  await otel.close();
  return call.isOnce ? reports.last() : null;
}

interface Followed {
  readonly client: Client;
  readonly call: OtelCall;
  readonly traces: {
    readonly know: (process: Awaited<ReturnType<Client["list"]>>[number]) => void;
    readonly take: (record: Awaited<ReturnType<Client["history"]>>[number]) => void;
  };
  readonly learn: () => Promise<void>;
  readonly abort: AbortSignal;
}

/** What was before, and then what happens, over all daemons of the home. */
async function follow({ client, call, traces, learn, abort }: Followed): Promise<void> {
  const { sinceMs, isOnce } = call;
  let after: number | undefined;
  const begin = async (): Promise<void> => {
    await learn();
    if (sinceMs === 0) {
      after = (await client.history({ limit: 1 })).at(-1)?.seq ?? 0;
      for (const process of await client.list()) traces.know(process);
      return;
    }
    const since = Date.now() - sinceMs;
    // An answer has a limited number of records: it is asked until nothing is left.
    for (let known = 0; ;) {
      const past = await client.history({ since, ...(known > 0 ? { after: known } : {}) });
      for (const record of past) traces.take(record);
      const last = past.at(-1)?.seq;
      if (last === undefined) break;
      known = after = last;
    }
    after ??= 0;
  };
  while (!abort.aborted) {
    try {
      if (after === undefined) await begin();
      if (isOnce) return;
      for await (const record of client.events(abort, after)) {
        if (record.event === "app.declare") await learn();
        traces.take(record);
        after = record.seq;
      }
    } catch (error) {
      if (abort.aborted) return;
      if (!(error instanceof XmError)) throw error;
      if (isOnce) {
        if (isDaemonAbsent(error)) return;
        throw error;
      }
    }
    await pause(awayMs, undefined, { signal: abort }).catch(() => {});
  }
}

/** Between two looks for a daemon; ms. */
const awayMs = 1_000;

/** A collector that cannot be reached is named once, and again when it is back. */
function reporter(isOnce: boolean): {
  told: (failure: string | null) => void;
  last: () => string | null;
} {
  let last: string | null = null;
  return {
    told: (failure) => {
      if (isOnce) last ??= failure;
      if (isOnce) return;
      if (failure !== null && last === null)
        process.stderr.write(`xm: nothing can be sent: ${plainLines(failure)}; trying again\n`);
      else if (failure === null && last !== null) process.stderr.write("xm: it is sent again\n");
      last = failure;
    },
    last: () => last,
  };
}

function endpointIn(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (/^https?:$/.test(protocolOf(text))) return text;
  throw xmError("ERR_USAGE", {
    what: `--endpoint: expected an address of HTTP, got "${text}"`,
    fix: "for example `--endpoint http://127.0.0.1:4318`",
  });
}

function protocolOf(text: string): string {
  try {
    return new URL(text).protocol;
  } catch {
    return "";
  }
}

function protocolIn(given: string | undefined): Protocol {
  const text = given ?? process.env["OTEL_EXPORTER_OTLP_PROTOCOL"] ?? "http/protobuf";
  if (text === "http/protobuf" || text === "http/json") return text;
  throw xmError("ERR_USAGE", {
    what: `${given === undefined ? "OTEL_EXPORTER_OTLP_PROTOCOL" : "--protocol"}: expected http/protobuf or http/json, got "${text}"`,
    fix: "gRPC is not spoken: collectors take HTTP on port 4318",
  });
}

function timeIn(
  flag: string,
  text: string,
  parse: (value: unknown) => number | undefined,
  leastMs: number,
): number {
  const ms = parse(text);
  if (ms !== undefined && ms >= leastMs) return ms;
  throw xmError("ERR_USAGE", {
    what: `${flag}: expected a time such as 15s, got "${text}"`,
    fix: `for example \`${flag} 15s\`; at least ${leastMs} ms`,
  });
}
