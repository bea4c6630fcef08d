import { writeRaw } from "./terminal.ts";
import { plain, plainLines } from "../../runtime/contract/plain.ts";
import type { Client, Outcome } from "../../runtime/client/connection/types.ts";
import { globals } from "../call/globals.ts";
import { paint } from "./colors.ts";
import { quoted } from "./last-words.ts";
import { showListAfter } from "./show-list.ts";

interface Told {
  readonly outcomes: AsyncIterable<Outcome>;
  /** How many there will be, when that is known. */
  readonly expected?: number | undefined;
  /** For example `starting`. */
  readonly doing: string;
}

/** Shows outcomes as they come, and then the table. */
export async function showOutcomes({
  client,
  ...told
}: Told & { readonly client: Client }): Promise<void> {
  await tellOutcomes(told);
  await showListAfter(client);
}

/**
 * Shows outcomes as they come: a line that counts on a terminal, a line for each failure and each change. A failure
 * makes the exit code non-zero.
 * @returns the ids of the processes.
 */
export async function tellOutcomes({ outcomes, expected, doing }: Told): Promise<number[]> {
  const { isSilent } = globals;
  const ids: number[] = [];
  for await (const outcome of outcomes) {
    ids.push(outcome.id);
    if (!outcome.ok) {
      clearProgress();
      tellFailure(outcome);
    } else if (outcome.note !== null && !isSilent) {
      clearProgress();
      process.stdout.write(`${plain(outcome.name)} (${outcome.id}): ${plainLines(outcome.note)}\n`);
    }
    if (outcome.warning) {
      clearProgress();
      process.stderr.write(
        `${paint("yellow", "xm")}: ${plain(outcome.name)} (${outcome.id}): ${plainLines(outcome.warning)}\n`,
      );
    }
    if (outcome.ok && outcome.changed.length > 0 && !isSilent) {
      clearProgress();
      process.stdout.write(
        `${plain(outcome.name)} (${outcome.id}): changed ${plain(shorten(outcome.changed))}\n`,
      );
    }
    showProgress(`${doing} ${ids.length}${expected === undefined ? "" : `/${expected}`} …`);
  }
  clearProgress();
  return ids;
}

/** Says what a process could not do, and what its program said last; the exit code is 1 then. */
export function tellFailure({
  name,
  id,
  message,
  lastWords = [],
}: Pick<Outcome, "name" | "id" | "message"> & Partial<Pick<Outcome, "lastWords">>): void {
  process.exitCode = 1;
  const what = `${plain(name)} (${id}): ${plainLines(message)}`;
  process.stderr.write(`${[`${paint("red", "xm")}: ${what}`, ...quoted(lastWords)].join("\n")}\n`);
}

function showProgress(text: string): void {
  if (process.stderr.isTTY && !globals.isSilent)
    writeRaw(process.stderr, `\r\u001B[K${plain(text)}`);
}

function clearProgress(): void {
  if (process.stderr.isTTY && !globals.isSilent) writeRaw(process.stderr, "\r\u001B[K");
}

function shorten(names: readonly string[]): string {
  return names.length <= 6
    ? names.join(", ")
    : `${names.slice(0, 6).join(", ")} and ${names.length - 6} more`;
}
