import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createApi } from "../../../runtime/daemon/api/server.ts";
import { sendTimeline } from "../../../runtime/daemon/inspector/timeline-route.ts";
import { openHistory } from "../../../runtime/daemon/records/history.ts";
import { segmentName } from "../../../runtime/daemon/records/segments.ts";
import { encodeRecord, historyEntry } from "../../../runtime/contract/history.ts";
import type { Timeline } from "../../../runtime/contract/inspector.ts";
import { testFolder } from "../../support/folder.ts";

/** As much as the history ever keeps; bytes. */
const fullBytes = 56 * 1024 * 1024;
const segmentBytes = 4 * 1024 * 1024;

/** A history that is full of one crash loop: one lane has all its points. @returns how many records it has. */
function fill(folder: string): number {
  mkdirSync(folder, { recursive: true });
  const exit = { at: 1, code: 1, signal: null, uptimeMs: 5, askedBy: null };
  const decision = {
    at: 1,
    rule: "delaysRestart" as const,
    next: "wait" as const,
    exit,
    saw: { restartDelayMs: 10, unstableRestarts: 3 },
    delayMs: 10,
    sentence: "Exited with code 1 after 5 ms; it starts again in 10 ms",
  };
  let seq = 0;
  for (let written = 0; written < fullBytes;) {
    const first = seq + 1;
    const lines: string[] = [];
    let bytes = 0;
    while (bytes < segmentBytes) {
      seq += 1;
      const isEnd = seq % 2 === 0;
      const line = encodeRecord({
        ...historyEntry({
          at: 1_000 + seq,
          kind: "process",
          event: isEnd ? "child.exited" : "child.spawned",
          id: 0,
          app: "loop",
          name: "loop",
          status: isEnd ? "waiting" : "online",
          states: isEnd ? "waiting" : "alive.online",
          ...(isEnd ? { exit, decision } : { pid: 7 }),
        }),
        seq,
      });
      lines.push(line);
      bytes += line.length;
    }
    writeFileSync(join(folder, segmentName(first)), lines.join(""));
    written += bytes;
  }
  return seq;
}

/** What it costs to read the whole history in one turn: what no answer may do; ms of CPU. */
function wholeAtOnce(folder: string): number {
  const before = process.cpuUsage();
  for (const name of readdirSync(folder))
    for (const line of readFileSync(join(folder, name), "utf8").split("\n"))
      if (line !== "") JSON.parse(line);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** What the busiest turn of the event loop costs; ms of CPU. */
function busiestTurn(): { stop(): number } {
  let most = 0;
  let isOver = false;
  let last = process.cpuUsage();
  const turn = (): void => {
    const { user, system } = process.cpuUsage(last);
    most = Math.max(most, (user + system) / 1_000);
    last = process.cpuUsage();
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    stop: () => {
      isOver = true;
      return most;
    },
  };
}

test(
  "nothing that a viewer asks of a full history holds God up: no turn costs a quarter of it",
  { timeout: 180_000 },
  async () => {
    const folder = join(testFolder().path, "history");
    const count = fill(folder);
    const now = (): number => 1_000_000_000;
    const history = openHistory({ folder, now, log: () => {} });
    expect(history.lastSeq).toBe(count);
    const daemon = {
      history,
      now,
      wall: now,
      registry: { processes: () => [] },
      isRestored: Promise.resolve(),
    };
    const options = { daemon, inspector: {}, leave: () => {} };
    const answerApi = createApi(options as unknown as Parameters<typeof createApi>[0]);
    const server = createServer((asked, response) => {
      const url = asked.url ?? "";
      const done = url.startsWith("/inspector/timeline")
        ? sendTimeline(response, daemon as unknown as Parameters<typeof sendTimeline>[1], "0")
        : answerApi({ request: asked, response }, { over: "tcp", control: false });
      done.catch((error: unknown) => response.writeHead(400).end(String(error)));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    /** Reads an answer without keeping it; `enough` ends it. */
    const read = (
      path: string,
      enough: (tail: string) => boolean = () => false,
    ): Promise<{ status: number; bytes: number; tail: string }> =>
      new Promise((resolve, reject) => {
        const sent = request({ host: "127.0.0.1", port, path, agent: false }, (answer) => {
          let bytes = 0;
          let tail = "";
          const end = (): void => resolve({ status: answer.statusCode ?? 0, bytes, tail });
          answer.on("data", (chunk: Buffer) => {
            bytes += chunk.length;
            tail = (tail + chunk.toString("latin1")).slice(-2_000);
            if (!enough(tail)) return;
            sent.destroy();
            end();
          });
          answer.on("end", end);
        });
        sent.on("error", reject);
        sent.end();
      });

    const refused = await read("/v1/history?limit=1000000000");
    expect([refused.status, refused.tail]).toEqual([400, expect.stringContaining("at most 10000")]);
    const whole = wholeAtOnce(folder);
    const rssBefore = process.memoryUsage.rss();
    const meter = busiestTurn();
    const [last, rare, timeline, , all] = await Promise.all([
      read("/v1/history?limit=10000"),
      // Nothing of it is found: the whole history is checked.
      read(`/v1/history?ids=${Array.from({ length: 3_000 }, (_, id) => id + 1).join(",")}`),
      read("/inspector/timeline?since=0"),
      read("/inspector/timeline?since=0"),
      read("/v1/events?after=0", (tail) => tail.includes(`"seq":${count},`)),
    ]);
    const busiest = meter.stop();
    const grown = (process.memoryUsage.rss() - rssBefore) / 1024 / 1024;
    console.log(
      `${count} records: the busiest turn took ${busiest.toFixed(1)} ms, the whole at once ${whole.toFixed(0)} ms, RSS grew by ${grown.toFixed(0)} MB`,
    );
    expect([last.status, last.tail.endsWith("]"), rare.tail]).toEqual([200, true, "[]"]);
    expect([timeline.status, timeline.tail.endsWith("]}")]).toEqual([200, true]);
    expect(all.bytes).toBeGreaterThan(fullBytes / 2);
    expect(busiest).toBeLessThan(whole / 4);
  },
);

test("a time-line that comes in pieces is the same as one in a piece", async () => {
  const folder = join(testFolder().path, "history");
  mkdirSync(folder);
  const history = openHistory({ folder, now: () => 10_000, log: () => {} });
  for (let n = 0; n < 2_000; n += 1) {
    const status = n % 2 === 0 ? "online" : "waiting";
    history.append(
      historyEntry({
        at: 100 + n,
        kind: "process",
        event: "child.exited",
        id: n % 3,
        name: `n${n % 3}`,
        status,
      }),
    );
  }
  history.flush();
  const daemon = {
    history,
    registry: { processes: () => [] },
    now: () => 10_000,
    wall: () => 10_000,
  };
  const parts: string[] = [];
  const response = {
    writeHead: () => undefined,
    write: (text: string) => parts.push(text) > 0,
    end: () => undefined,
    destroyed: false,
  };
  await sendTimeline(
    response as unknown as Parameters<typeof sendTimeline>[0],
    daemon as unknown as Parameters<typeof sendTimeline>[1],
    "0",
  );
  const { lanes } = JSON.parse(parts.join("")) as Timeline;
  expect(lanes.map(({ id, points }) => [id, points.length])).toEqual([
    [0, 3 * 667],
    [1, 3 * 667],
    [2, 3 * 666],
  ]);
});
