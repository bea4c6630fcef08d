import { onTestFinished } from "vitest";
import { followFile } from "../../runtime/host/log-files/follow.ts";

type Options = Parameters<typeof followFile>[0];

/** Follows a file until the test ends, and keeps its lines. */
export function follow(
  path: string,
  options: Partial<Pick<Options, "fromBytes" | "fromInode" | "onLine">> = {},
): string[] {
  const lines: string[] = [];
  const abort = new AbortController();
  const following = followFile({
    path,
    fromBytes: 0,
    signal: abort.signal,
    ...options,
    onLine: (line, position) => {
      lines.push(line);
      return options.onLine?.(line, position);
    },
  });
  onTestFinished(async () => {
    abort.abort();
    await following;
  });
  return lines;
}
