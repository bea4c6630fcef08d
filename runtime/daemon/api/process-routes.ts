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
import type { Exchange } from "./exchange.ts";
import { kindsFrom, numberFrom } from "./query.ts";

/** A list waits this long for memory and CPU; what is not there by then is left out of it. */
const metricsWithinMs = 15;

export async function list({ daemon, query, send }: Exchange<"processes">): Promise<void> {
  const processes = daemon.registry.processes();
  const pids = processes.map(({ facts }) => facts.child?.pid).filter((pid) => pid !== undefined);
  const metrics =
    query.get("metrics") === "true"
      ? await daemon.sampler.sample(pids, { withinMs: metricsWithinMs })
      : undefined;
  const show = query.get("detail") === "true" ? detailOf : viewOf;
  send(
    processes.map((managed) =>
      show(managed, metrics?.get(managed.facts.child?.pid ?? -1), daemon.custom),
    ),
  );
}

export async function show(exchange: Exchange<"process">): Promise<void> {
  const managed = chosen(exchange);
  const pid = managed.facts.child?.pid;
  const metrics = pid === undefined ? undefined : await exchange.daemon.sampler.sample([pid], {});
  const detail = detailOf(managed, metrics?.get(pid ?? -1), exchange.daemon.custom);
  const portHolder = portHolderOf(managed, exchange.daemon.registry);
  const usage =
    exchange.query.get("usage") === "true"
      ? await exchange.daemon.usage.summary(usageKey(managed.facts))
      : null;
  exchange.send({ ...detail, portHolder, usage });
}

export function states(exchange: Exchange<"states">): void {
  exchange.send(statesOf(exchange.daemon, chosen(exchange)));
}

export async function history({ daemon, query, response }: Exchange<"history">): Promise<void> {
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

export async function declareApps({
  daemon,
  body,
  openStream,
}: Exchange<"declare">): Promise<void> {
  assertCronPatterns(body);
  const stream = openStream();
  await declare(daemon, body, (outcome) => stream.write(outcome));
  stream.end();
}

export async function scaleApp({
  daemon,
  params,
  body,
  openStream,
}: Exchange<"scale">): Promise<void> {
  const name = params["name"] ?? "";
  const app = daemon.registry.app(name);
  if (app === undefined) throw xmError("ERR_PROCESS_NOT_FOUND", { target: name });
  const stream = openStream();
  await scale(daemon, { app, ...body }, (outcome) => stream.write(outcome));
  stream.end();
}

export async function actOn({ daemon, body, openStream }: Exchange<"act">): Promise<void> {
  assertCronPatterns(body);
  const stream = openStream();
  await act(daemon, body, (outcome) => stream.write(outcome));
  stream.end();
}

export async function reloadProcesses({
  daemon,
  body,
  openStream,
}: Exchange<"reload">): Promise<void> {
  assertCronPatterns(body);
  const stream = openStream();
  await reload(daemon, body, {
    tell: (outcome) => stream.write(outcome),
    tellProgress: (progress) => stream.write(progress),
  });
  stream.end();
}

export async function trigger({ daemon, body, send }: Exchange<"trigger">): Promise<void> {
  send(await triggerAction(daemon, body));
}

export async function signal({ daemon, body, send }: Exchange<"signal">): Promise<void> {
  send(sendSignal(daemon, body));
}

export async function message({ daemon, body, send }: Exchange<"message">): Promise<void> {
  const { ids, message: data } = body;
  send(sendMessage(daemon, { ids, message: data }));
}

export async function input({ daemon, body, send }: Exchange<"input">): Promise<void> {
  send(await sendInput(daemon, body));
}

export async function inspect({ daemon, body, openStream }: Exchange<"inspect">): Promise<void> {
  await holdDebugger(daemon, body.id, openStream());
}

function chosen({ daemon, params }: Pick<Exchange, "daemon" | "params">): Managed {
  return daemon.registry.process(numberFrom(params["id"], -1));
}
