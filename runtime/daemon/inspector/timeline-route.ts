import type { ServerResponse } from "node:http";
import { xmError } from "../../contract/errors.ts";
import type { Timeline, TimelineLane } from "../../contract/inspector.ts";
import { writePieces } from "../api/pieces.ts";
import { readTimeline } from "./timeline.ts";
import type { Daemon } from "../daemon.ts";

/** How far a time-line goes back by default; ms. */
const usualMs = 24 * 3_600_000;

/**
 * Answers with a `Timeline`, in pieces: a lane may have a hundred thousand points.
 * @param since ms since the epoch, as it stands in the address.
 */
export async function sendTimeline(
  response: ServerResponse,
  daemon: Pick<Daemon, "history" | "registry" | "wall">,
  since: string | null,
): Promise<void> {
  const from = since === null ? daemon.wall() - usualMs : Number(since);
  if (!Number.isFinite(from) || from < 0) {
    const fault = `since: expected ms since the epoch, got "${since?.slice(0, 100)}"`;
    throw xmError("ERR_INPUT_INVALID", { faults: [fault] });
  }
  const timeline = await readTimeline({ ...daemon, now: daemon.wall }, Math.floor(from));
  response.writeHead(200, { "content-type": "application/json" });
  await writePieces(response, piecesOf(timeline));
  response.end();
}

function* piecesOf({ lanes, ...rest }: Timeline): Generator<string> {
  yield `${JSON.stringify(rest).slice(0, -1)},"lanes":[`;
  for (const [index, lane] of lanes.entries()) {
    if (index > 0) yield ",";
    yield* laneOf(lane);
  }
  yield "]}";
}

function* laneOf({ points, others, marks, ...rest }: TimelineLane): Generator<string> {
  yield JSON.stringify(rest).slice(0, -1);
  for (const [name, list] of Object.entries({ points, others, marks })) {
    yield `,"${name}":[`;
    for (let at = 0; at < list.length; at += itemsAtOnce) {
      const text = JSON.stringify(list.slice(at, at + itemsAtOnce)).slice(1, -1);
      yield at === 0 ? text : `,${text}`;
    }
    yield "]";
  }
  yield "}";
}

/** What is turned into text in one piece. */
const itemsAtOnce = 500;
