import { setTimeout as pause } from "node:timers/promises";
import { constants } from "node:os";
import { outputFromNow } from "../connection/output.ts";
import type { Client, Outcome } from "../connection/types.ts";
import { xmError } from "../../contract/errors.ts";
import type { Place } from "./apps.ts";
import { assertDone, tellFailure } from "./outcomes.ts";
import { targetsOf } from "./targets.ts";
import type { ProcessMessage, Target, TriggerAnswer } from "./types.ts";

/** Gives one process PM2's message; `topic` and `data` must be there, as under PM2. */
export async function sendData(
  client: Client,
  first: Target | ProcessMessage,
  second: ProcessMessage | undefined,
): Promise<{ success: true; data: ProcessMessage }> {
  const data =
    typeof first === "object" ? first : ({ ...second, id: Number(first) } as ProcessMessage);
  const faults = ["id", "data", "topic"]
    .filter((field) => data[field] === undefined || data[field] === null)
    .map((field) => `${field}: expected a value, got nothing`);
  if (!Number.isInteger(data.id)) faults.push(`id: expected a process's id, got ${data.id}`);
  if (faults.length > 0) throw xmError("ERR_INPUT_INVALID", { faults });
  assertDone("sendDataToProcessId", await client.message([Number(data.id)], data));
  return { success: true, data };
}

/** Gives the processes of a name, or one, an action's message: its name alone when there are no options. */
export async function sendAction(
  client: Client,
  packet: { id?: number; name?: string; msg: string; opts?: unknown },
  place: Place,
): Promise<{ process_count: number; success: true }> {
  const { id, name, msg, opts } = packet;
  const target = id ?? name;
  if (target === undefined || typeof msg !== "string") {
    const faults = ["expected { id, msg } or { name, msg }, and a text as msg"];
    throw xmError("ERR_INPUT_INVALID", { faults });
  }
  const chosen = await targetsOf(client, target, place);
  const ids = chosen.map((each) => each.id);
  assertDone("msgProcess", await client.message(ids, opts === undefined ? msg : packet));
  return { process_count: ids.length, success: true };
}

/** Asks apps to do an action, and gives the answers of those that offer it. */
export async function trigger(
  client: Client,
  { target, action, params }: { target: Target; action: string; params: unknown },
  place: Place,
): Promise<TriggerAnswer[]> {
  const chosen = await targetsOf(client, target, place);
  const ids = chosen.map(({ id }) => id);
  const results = await client.trigger({
    ids,
    action,
    target,
    ...(params === undefined ? {} : { params }),
  });
  const answers = results.filter(({ ok }) => ok);
  if (answers.length === 0) {
    const failures = results.map(tellFailure);
    throw xmError("ERR_COMMAND_FAILED", { command: `trigger ${action}`, failures });
  }
  return answers.map(({ id, name, return: value }) => ({
    at: Date.now(),
    data: { return: value, action_name: action },
    process: { pm_id: id, name, namespace: chosen.find((each) => each.id === id)?.namespace ?? "" },
  }));
}

/** Sends a signal, named or by its number. */
export async function sendSignal(
  client: Client,
  signal: string | number,
  ids: readonly number[],
): Promise<Outcome[]> {
  const byNumber = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  const outcomes = await client.signal(ids, byNumber ?? String(signal));
  assertDone("sendSignal", outcomes);
  return outcomes;
}

/** Writes a line to the standard input of a process. */
export async function sendLine(
  client: Client,
  { id, line, separator }: { id: Target; line: string; separator: string },
): Promise<{ pm_id: number; line: string }> {
  const text = `${line}${separator}`;
  assertDone("sendLineToStdin", await client.input([Number(id)], text));
  return { pm_id: Number(id), line: text };
}

/** After the end of its input an app is listened to until it has said nothing for this long, */
const silentForMs = 500;

/** but no longer than this; ms. */
const answersWithinMs = 2_000;

/**
 * Sends input to a process and shows its output, until the input ends.
 * @throws `ERR_PROCESS_NOT_FOUND`, and what ends the output before the input.
 */
export async function attach(
  client: Client,
  { id, separator }: { id: number; separator: string },
): Promise<void> {
  await client.detail(id);
  const { createInterface } = await import("node:readline");
  const abort = new AbortController();
  const output = await outputFromNow(client, id, abort.signal);
  const input = createInterface({ input: process.stdin });
  let lastAt = Date.now();
  const show = async (): Promise<void> => {
    for await (const { stream, line } of output) {
      lastAt = Date.now();
      process[stream === "out" ? "stdout" : "stderr"].write(`${line}\n`);
    }
  };
  const shown = show().finally(() => input.close());
  // Its failure is reported below.
  shown.catch(() => {});
  try {
    for await (const line of input) await sendLine(client, { id, line, separator });
    const endedAt = Date.now();
    lastAt = endedAt;
    while (Date.now() - lastAt < silentForMs && Date.now() - endedAt < answersWithinMs)
      await Promise.race([shown, pause(silentForMs / 10)]);
  } finally {
    abort.abort();
  }
  await shown;
}
