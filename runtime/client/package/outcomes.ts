import type { Client, Outcome, ProcessDetail, Progress } from "../connection/types.ts";
import { toPm2Process } from "../../compat/jlist.ts";
import { xmError } from "../../contract/errors.ts";
import type { Proc, ProcessDescription, ProcessStatus } from "./types.ts";

/**
 * Waits for the end of a command, and gives its processes as they are then.
 * @throws `ERR_COMMAND_FAILED` when one of them failed; the others have been done.
 */
export async function procsOf(
  client: Client,
  command: string,
  lines: AsyncIterable<Outcome | Progress>,
): Promise<Proc[]> {
  const outcomes = await allOf(command, lines);
  if (outcomes.length === 0) return [];
  const details = new Map((await client.details()).map((detail) => [detail.id, detail]));
  const ids = outcomes.map(({ id }) => id).sort((a, b) => a - b);
  return ids.flatMap((id) => {
    const detail = details.get(id);
    return detail === undefined ? [] : [procFrom(detail)];
  });
}

/** Waits for the end of a command. @throws `ERR_COMMAND_FAILED` */
export async function allOf(
  command: string,
  lines: AsyncIterable<Outcome | Progress>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for await (const line of lines) if (!("progress" in line)) outcomes.push(line);
  assertDone(command, outcomes);
  return outcomes;
}

/** @throws `ERR_COMMAND_FAILED` when one of them failed. */
export function assertDone(command: string, outcomes: readonly Outcome[]): void {
  const failures = outcomes.filter(({ ok }) => !ok).map(tellFailure);
  if (failures.length > 0) throw xmError("ERR_COMMAND_FAILED", { command, failures });
}

/** What failed, of which process, and what its program said last. */
export function tellFailure(outcome: {
  name: string;
  id: number;
  message: string;
  lastWords?: readonly string[];
}): string {
  const { name, id, message, lastWords = [] } = outcome;
  return [`${name} (${id}): ${message}`, ...lastWords.map((line) => `  | ${line}`)].join("\n");
}

export function procFrom(detail: ProcessDetail): Proc {
  const described = descriptionFrom(detail);
  const { status, restart_time } = described.pm2_env;
  return {
    ...described,
    namespace: detail.namespace,
    status,
    restart_time,
    process: { pid: described.pid },
  };
}

export function descriptionFrom(detail: ProcessDetail): ProcessDescription {
  return toPm2Process(detail) as ProcessDescription & { pm2_env: { status: ProcessStatus } };
}
