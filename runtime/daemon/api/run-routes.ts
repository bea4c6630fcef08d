import { run } from "../commands/run.ts";
import type { Exchange } from "./exchange.ts";
import { assertCronPatterns } from "./cron-patterns.ts";

export async function runJob({ daemon, body, openStream }: Exchange<"run">): Promise<void> {
  assertCronPatterns(body);
  const stream = openStream();
  stream.open();
  await run(daemon, body, { tell: (line) => stream.write(line), signal: stream.signal });
  stream.end();
}
