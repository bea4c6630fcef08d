import type { Client, Outcome } from "../runtime/client/types.ts";
import { printList } from "./render/list.ts";
import { paint } from "./render/colors.ts";

/**
 * Shows outcomes as they come: a line that counts on a terminal, a line for each failure and each change, then
 * the table. A failure makes the exit code non-zero.
 */
export async function showOutcomes(options: {
  readonly client: Client;
  readonly outcomes: AsyncIterable<Outcome>;
  /** How many there will be, when that is known. */
  readonly expected?: number | undefined;
  /** For example `starting`. */
  readonly doing: string;
}): Promise<void> {
  const { client, outcomes, expected, doing } = options;
  const isSilent = process.env["XM_SILENT"] !== undefined;
  let count = 0;
  for await (const outcome of outcomes) {
    count += 1;
    if (!outcome.ok) {
      process.exitCode = 1;
      clearProgress();
      process.stderr.write(
        `${paint("red", "xm")}: ${outcome.name} (${outcome.id}): ${outcome.message}\n`,
      );
    } else if (isNoteworthy(outcome.message) && !isSilent) {
      clearProgress();
      process.stdout.write(`${outcome.name} (${outcome.id}): ${outcome.message}\n`);
    }
    if (outcome.ok && outcome.changed.length > 0 && !isSilent) {
      clearProgress();
      process.stdout.write(
        `${outcome.name} (${outcome.id}): changed ${shorten(outcome.changed)}\n`,
      );
    }
    showProgress(`${doing} ${count}${expected === undefined ? "" : `/${expected}`} …`);
  }
  clearProgress();
  if (!isSilent) printList(await client.list({ metrics: true }));
}

/** What one word would not tell. */
function isNoteworthy(message: string): boolean {
  return message.includes(":") || message.startsWith("taken out");
}

function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001B[K");
}

function shorten(names: readonly string[]): string {
  return names.length <= 6
    ? names.join(", ")
    : `${names.slice(0, 6).join(", ")} and ${names.length - 6} more`;
}
