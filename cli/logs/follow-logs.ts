import { runCommand } from "citty";

/** Follows the logs of some processes, or of all there are, until Ctrl-C. */
export async function followLogs(
  ids: readonly number[] | "all",
  { lines = 0, style = [] }: { lines?: number; style?: readonly string[] } = {},
): Promise<void> {
  const { default: logs } = await import("../commands/logs.ts");
  const targets = ids === "all" ? ["all"] : ids.map(String);
  await runCommand(logs, {
    rawArgs: [...targets, `--lines=${lines}`, ...style],
    data: { rest: [] },
  });
}
