import { act } from "../commands/commands.ts";
import { declare } from "../commands/declare.ts";
import { sendInput, sendMessage, sendSignal } from "../commands/send.ts";
import { scale } from "../commands/steps.ts";
import { holdDebugger } from "../commands/node-inspector.ts";
import { reload } from "../commands/reload.ts";
import { usageKey } from "../metrics/usage.ts";
import { statesOf } from "../commands/machine-states.ts";
import { triggerAction } from "../commands/trigger.ts";
import type { Managed } from "../registry/registry.ts";
import { portHolderOf } from "../registry/port-holder.ts";
import { detailOf, viewOf } from "../registry/views.ts";
import { xmError } from "../../contract/errors.ts";
import { assertCronPatterns } from "./cron-patterns.ts";
import { jsonFor } from "../registry/redaction.ts";
import { mostRecords } from "../records/read.ts";
import { writePieces } from "./pieces.ts";
import { readBody, sendJson, startStream, type Exchange } from "./exchange.ts";
import {
  actionRequestSchema,
  declareRequestSchema,
  inspectionRequestSchema,
  reloadRequestSchema,
  triggerRequestSchema,
  scaleRequestSchema,
  signalRequestSchema,
  messageRequestSchema,
  inputRequestSchema,
} from "../../contract/api/schemas.ts";
import { kindsFrom, numberFrom } from "./query.ts";

/** A list waits this long for memory and CPU; what is not there by then is left out of it. */
const metricsWithinMs = 15;

export async function list({ daemon, query, response }: Exchange): Promise<void> {
  const processes = daemon.registry.processes();
  const pids = processes.map(({ facts }) => facts.child?.pid).filter((pid) => pid !== undefined);
  const metrics =
    query.get("metrics") === "true"
      ? await daemon.sampler.sample(pids, { withinMs: metricsWithinMs })
      : undefined;
  const show = query.get("detail") === "true" ? detailOf : viewOf;
  sendJson(
    response,
    processes.map((managed) =>
      show(managed, metrics?.get(managed.facts.child?.pid ?? -1), daemon.custom),
    ),
  );
}

export async function show(exchange: Exchange): Promise<void> {
  const managed = chosen(exchange);
  const pid = managed.facts.child?.pid;
  const metrics = pid === undefined ? undefined : await exchange.daemon.sampler.sample([pid], {});
  const detail = detailOf(managed, metrics?.get(pid ?? -1), exchange.daemon.custom);
  const portHolder = portHolderOf(managed, exchange.daemon.registry);
  const usage = await exchange.daemon.usage.summary(usageKey(managed.facts));
  sendJson(exchange.response, { ...detail, portHolder, usage });
}

export function states(exchange: Exchange): void {
  sendJson(exchange.response, statesOf(exchange.daemon, chosen(exchange)));
}

export async function history({ daemon, query, response }: Exchange): Promise<void> {
  const ids = query.get("ids")?.split(",").map(Number);
  const apps = query.getAll("app");
  const kinds = kindsFrom(query);
  const records = await daemon.history.find({
    ...(ids === undefined ? {} : { ids }),
    ...(apps.length === 0 ? {} : { apps }),
    ...(kinds === undefined ? {} : { kinds }),
    since: numberFrom(query.get("since"), 0),
    until: numberFrom(query.get("until"), Number.POSITIVE_INFINITY),
    afterSeq: numberFrom(query.get("after"), 0),
    beforeSeq: numberFrom(query.get("before"), Number.POSITIVE_INFINITY),
    limit: limitFrom(query),
  });
  response.writeHead(200, { "content-type": "application/json" });
  await writePieces(
    response,
    listOf(records, (record) => jsonFor(response, record)),
  );
  response.end();
}

function limitFrom(query: URLSearchParams): number {
  const limit = numberFrom(query.get("limit"), mostRecords);
  if (limit <= mostRecords) return limit;
  throw xmError("ERR_INPUT_INVALID", {
    faults: [`limit: expected at most ${mostRecords}, got ${limit}; ask for more with \`before\``],
  });
}

/** A JSON array, an item at a time. */
function* listOf<T>(items: readonly T[], jsonOf: (item: T) => string): Generator<string> {
  yield "[";
  for (const [index, item] of items.entries()) yield (index === 0 ? "" : ",") + jsonOf(item);
  yield "]";
}

export async function declareApps({ daemon, request, response }: Exchange): Promise<void> {
  const body = await readBody(request, declareRequestSchema);
  assertCronPatterns(body);
  const stream = startStream(request, response);
  await declare(daemon, body, (outcome) => stream.write(outcome));
  stream.end();
}

export async function scaleApp({ daemon, request, response, params }: Exchange): Promise<void> {
  const body = await readBody(request, scaleRequestSchema);
  const name = params["name"] ?? "";
  const app = daemon.registry.app(name);
  if (app === undefined) throw xmError("ERR_PROCESS_NOT_FOUND", { target: name });
  const stream = startStream(request, response);
  await scale(daemon, { app, ...body }, (outcome) => stream.write(outcome));
  stream.end();
}

export async function actOn({ daemon, request, response }: Exchange): Promise<void> {
  const body = await readBody(request, actionRequestSchema);
  assertCronPatterns(body);
  const stream = startStream(request, response);
  await act(daemon, body, (outcome) => stream.write(outcome));
  stream.end();
}

export async function reloadProcesses({ daemon, request, response }: Exchange): Promise<void> {
  const body = await readBody(request, reloadRequestSchema);
  assertCronPatterns(body);
  const stream = startStream(request, response);
  await reload(daemon, body, {
    tell: (outcome) => stream.write(outcome),
    tellProgress: (progress) => stream.write(progress),
  });
  stream.end();
}

export async function trigger({ daemon, request, response }: Exchange): Promise<void> {
  const body = await readBody(request, triggerRequestSchema);
  sendJson(response, await triggerAction(daemon, body));
}

export async function signal({ daemon, request, response }: Exchange): Promise<void> {
  sendJson(response, sendSignal(daemon, await readBody(request, signalRequestSchema)));
}

export async function message({ daemon, request, response }: Exchange): Promise<void> {
  const { ids, message: data } = await readBody(request, messageRequestSchema);
  sendJson(response, sendMessage(daemon, { ids, message: data }));
}

export async function input({ daemon, request, response }: Exchange): Promise<void> {
  sendJson(response, await sendInput(daemon, await readBody(request, inputRequestSchema)));
}

export async function inspect({ daemon, request, response }: Exchange): Promise<void> {
  const { id } = await readBody(request, inspectionRequestSchema);
  await holdDebugger(daemon, id, startStream(request, response));
}

function chosen({ daemon, params }: Exchange): Managed {
  return daemon.registry.process(numberFrom(params["id"], -1));
}
