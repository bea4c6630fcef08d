import type { ServerResponse } from "node:http";
import { xmError } from "../../contract/errors.ts";
import { readTimeline } from "./timeline.ts";
import type { Daemon } from "../daemon.ts";

/** What a time-line shows unless told; ms. */
const usualMs = 24 * 3_600_000;

/**
 * Answers with a `Timeline`: lane by lane, so that no long time-line is turned into text in one piece.
 * @param since ms since the epoch, as it stands in the address.
 */
export async function sendTimeline(
  response: ServerResponse,
  daemon: Pick<Daemon, "history" | "registry" | "wall">,
  since: string | null,
): Promise<void> {
  const from = since === null ? daemon.wall() - usualMs : Number(since);
  if (!Number.isFinite(from) || from < 0) {
    const fault = `since: expected ms since the epoch, got "${since}"`;
    throw xmError("ERR_INPUT_INVALID", { faults: [fault] });
  }
  const { lanes, ...rest } = await readTimeline({ ...daemon, now: daemon.wall }, Math.floor(from));
  response.writeHead(200, { "content-type": "application/json" });
  response.write(`${JSON.stringify(rest).slice(0, -1)},"lanes":[`);
  for (const [index, lane] of lanes.entries()) {
    const text = `${index === 0 ? "" : ","}${JSON.stringify(lane)}`;
    if (!response.write(text)) await drained(response);
    if (response.destroyed) return;
  }
  response.end("]}");
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}
