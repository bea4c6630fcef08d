import type { Client, LogLine } from "./types.ts";

/**
 * What a process writes from this moment on. The daemon has begun to follow when this resolves: what an app says to a
 * line that is sent then is not missed. Its failure is thrown to the reader.
 * @param signal ends it.
 */
export async function outputFromNow(
  client: Client,
  id: number,
  signal: AbortSignal,
): Promise<AsyncIterable<LogLine>> {
  const query = { ids: [id], lines: 0, follow: true, streams: ["out", "err"] as const };
  const lines = client.logs(query, signal)[Symbol.asyncIterator]();
  const first = lines.next();
  first.catch(() => {});
  await client.ping();
  return (async function* read() {
    for (let next = await first; next.done !== true; next = await lines.next()) yield next.value;
  })();
}
