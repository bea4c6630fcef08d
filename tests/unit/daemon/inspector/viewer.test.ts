import { Writable } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  createViewer,
  mostSilentMs,
  mostWaitingBytes,
} from "../../../../runtime/daemon/inspector/viewer.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A stream whose reader takes a write when it is told to. */
function slowReader() {
  const written: string[] = [];
  let take: (() => void) | undefined;
  const stream = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _, done) => {
      written.push(chunk.toString());
      take = () => done();
    },
  });
  return { stream, written, take: () => take?.() };
}

const tell = (json: string, replaces: string | null = null) => ({ json, replaces });

test("what happens within a moment is one write", async () => {
  const { stream, written } = slowReader();
  const viewer = createViewer(stream);
  for (const json of ["1", "2", "3"]) viewer.tell(tell(json));
  await vi.advanceTimersByTimeAsync(100);
  expect(written).toEqual(["data: 1\n\ndata: 2\n\ndata: 3\n\n"]);
});

test("a viewer that is behind is told the latest of what repeats itself, and all of what does not", async () => {
  const { stream, written, take } = slowReader();
  const viewer = createViewer(stream);
  viewer.tell(tell("first"));
  await vi.advanceTimersByTimeAsync(100);
  expect(viewer.isBehind).toBe(true);
  for (let n = 0; n < 1_000; n += 1) viewer.tell(tell(`metrics ${n}`, "metrics"));
  viewer.tell(tell("record 1"));
  viewer.tell(tell("record 2"));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written.length).toBe(1);
  take();
  await vi.advanceTimersByTimeAsync(100);
  expect(written[1]).toBe("data: record 1\n\ndata: record 2\n\ndata: metrics 999\n\n");
});

test("a viewer that never reads is cut off when too much waits for it, and nothing waits any more", async () => {
  const { stream } = slowReader();
  const viewer = createViewer(stream);
  viewer.tell(tell("first"));
  await vi.advanceTimersByTimeAsync(100);
  const kilobyte = "x".repeat(1_024);
  for (let bytes = 0; bytes < mostWaitingBytes; bytes += 1_024) viewer.tell(tell(kilobyte));
  expect(stream.destroyed).toBe(false);
  viewer.tell(tell(kilobyte));
  expect(stream.destroyed).toBe(true);
});

test("a viewer that reads nothing for long is cut off, though little happens", async () => {
  const { stream } = slowReader();
  createViewer(stream).tell(tell("first"));
  await vi.advanceTimersByTimeAsync(mostSilentMs - 1_000);
  expect(stream.destroyed).toBe(false);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(stream.destroyed).toBe(true);
});

test("a viewer that reads may be told much at once", async () => {
  const stream = new Writable({ write: (_, __, done) => done() });
  const viewer = createViewer(stream);
  for (let n = 0; n < 10; n += 1) viewer.tell(tell("x".repeat(mostWaitingBytes / 4)));
  await vi.advanceTimersByTimeAsync(100);
  expect(stream.destroyed).toBe(false);
});
