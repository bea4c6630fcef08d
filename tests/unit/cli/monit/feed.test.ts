import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readMoments, startFeed } from "../../../../cli/monit/feed.ts";
import type { Client } from "../../../../runtime/client/connection/types.ts";
import { xmError } from "../../../../runtime/contract/errors.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A daemon that records what it is asked; its events come by `tell`. */
function daemon() {
  const asked: string[] = [];
  const state = { isAway: false, fault: undefined as Error | undefined };
  let tell: (record: object) => void = () => {};
  let cut: () => void = () => {};
  const away = (): void => {
    if (state.fault !== undefined) throw state.fault;
    if (state.isAway) throw xmError("ERR_DAEMON_NOT_RUNNING", { home: "/h" });
  };
  const client = {
    list: ({ metrics }: { metrics: boolean }) => {
      asked.push(metrics ? "figures" : "list");
      away();
      return Promise.resolve([]);
    },
    usage: ({ since }: { since: number }) => {
      asked.push(`usage ${Date.now() - since}`);
      away();
      return Promise.resolve([{ id: 0, at: [Date.now() - 5_000], cpu: [1], memory: [1] }]);
    },
    events: async function* (signal: AbortSignal) {
      asked.push("events");
      away();
      for (;;) {
        const record = await new Promise<object | null>((resolve) => {
          tell = resolve;
          cut = () => resolve(null);
          signal.addEventListener("abort", () => resolve(null));
        });
        if (record === null) return;
        yield record;
      }
    },
  } as unknown as Client;
  return { client, asked, state, tell: (record: object) => tell(record), cut: () => cut() };
}

const heardBy = () => {
  const told: string[] = [];
  return {
    told,
    heard: {
      onProcesses: () => void told.push("processes"),
      onRecord: () => void told.push("record"),
      onUsage: () => void told.push("usage"),
      onAway: () => void told.push("away"),
    },
  };
};

test("figures are sampled while somebody is there; later only what is kept is asked for, every ten seconds", async () => {
  const { client, asked } = daemon();
  const quit = new AbortController();
  const feed = startFeed(client, heardBy().heard, quit.signal);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(asked).toEqual([
    "figures",
    "events",
    "usage 600000",
    "figures",
    "figures",
    "figures",
    "figures",
  ]);
  await vi.advanceTimersByTimeAsync(31_000);
  asked.length = 0;
  await vi.advanceTimersByTimeAsync(60_000);
  const kinds = asked.map((each) => each.replace(/ .*/, ""));
  expect(kinds.filter((each) => each === "usage")).toHaveLength(6);
  expect(kinds.filter((each) => each !== "usage")).toEqual(["list"]);
  // Only what is new.
  expect(Number(asked.at(-1)?.slice("usage ".length))).toBeLessThan(20_000);
  asked.length = 0;
  feed.touch();
  await vi.advanceTimersByTimeAsync(0);
  expect(asked[0]).toBe("figures");
  quit.abort();
  await feed.ended;
});

test("after what happened the list is read once within a second, and a daemon that is away is waited for", async () => {
  const { client, asked, state, tell, cut } = daemon();
  const { heard, told } = heardBy();
  const quit = new AbortController();
  const feed = startFeed(client, heard, quit.signal);
  await vi.advanceTimersByTimeAsync(100);
  asked.length = 0;
  for (let each = 0; each < 3; each += 1) {
    tell({});
    await vi.advanceTimersByTimeAsync(10);
  }
  await vi.advanceTimersByTimeAsync(1_100);
  expect(told.filter((each) => each === "record")).toHaveLength(3);
  expect(asked).toEqual(["list"]);
  state.isAway = true;
  cut();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(told.at(-1)).toBe("away");
  state.isAway = false;
  await vi.advanceTimersByTimeAsync(400);
  expect(told.at(-1)).toBe("processes");
  expect(asked.at(-1)).toBe("events");
  state.fault = new Error("broken");
  feed.touch();
  const failed = expect(feed.ended).rejects.toThrow("broken");
  await vi.advanceTimersByTimeAsync(2_100);
  await failed;
  quit.abort();
});

test("the past of a process begins with what it was before its first record", async () => {
  const now = Date.now();
  const asked: object[] = [];
  const client = {
    history: (query: { limit: number }) => {
      asked.push(query);
      if (query.limit === 1) return Promise.resolve([{ at: 5, status: "stopped" }]);
      return Promise.resolve([
        { seq: 70, at: now - 1_000, status: "starting" },
        { seq: 71, at: now, status: null },
      ]);
    },
  } as unknown as Client;
  expect(await readMoments(client, 3)).toEqual([
    { at: now - 600_000, status: "stopped" },
    { at: now - 1_000, status: "starting" },
  ]);
  expect(asked[1]).toMatchObject({ ids: [3], before: 70, limit: 1 });
});
