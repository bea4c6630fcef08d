import { expect, test } from "vitest";
import type { ProcessView } from "../../../../runtime/contract/api/schemas.ts";
import { glanceOf, reasonOf, worstFirst } from "../../../../runtime/programs/page/home/health.ts";

const now = 1_000_000;

function process(change: Partial<ProcessView>): ProcessView {
  return {
    id: 0,
    name: "api",
    namespace: "default",
    status: "online",
    health: null,
    finding: null,
    failure: null,
    waitsFor: [],
    troubles: [],
    decision: null,
    lastExit: null,
    reload: null,
    ...change,
  } as unknown as ProcessView;
}

test("what is wrong is in front, then by namespace, name and number", () => {
  const all = [
    process({ id: 1 }),
    process({ id: 2, status: "stopped" }),
    process({ id: 3, status: "waiting" }),
    process({ id: 4, health: "unhealthy" }),
    process({ id: 5, status: "failed" }),
    process({ id: 6, status: "completed" }),
    process({ id: 7, name: "aaa" }),
    process({ id: 8, status: "errored", name: "zzz" }),
  ];
  expect(worstFirst(all).map(({ id }) => id)).toEqual([5, 8, 4, 3, 7, 1, 2, 6]);
  expect(all.map(glanceOf)).toEqual([
    "running", "at rest", "changing", "unhealthy", "errored", "at rest", "running", "errored",
  ]); // prettier-ignore
});

test("a card says why a process is not simply running", () => {
  const of = (change: Partial<ProcessView>): string | null => reasonOf(process(change), now);
  const exit = (at: number, askedBy: string | null = null) =>
    ({ at, askedBy }) as ProcessView["lastExit"];
  expect(of({})).toBeNull();
  expect(of({ decision: "it starts again", lastExit: exit(0) })).toBeNull();
  // A crash of the last minute is told although it is up again.
  expect(of({ decision: "it starts again", lastExit: exit(now - 5_000) })).toBe("it starts again");
  expect(of({ status: "waiting", decision: "waits 5 s" })).toBe("waits 5 s");
  expect(of({ status: "stopped", decision: "stays", lastExit: exit(0, "`xm stop`") })).toBeNull();
  expect(of({ failure: { at: 0, code: "E", message: "no such file" } })).toContain("no such file");
  expect(of({ health: "unhealthy", finding: "status 503" })).toBe("It is unhealthy (status 503).");
  const waitsFor = [{ app: "db", condition: "service_healthy", state: "", isLost: false }];
  expect(of({ status: "pending", waitsFor })).toBe("It waits for db (service_healthy).");
  const reload = { step: "draining", done: 1, total: 3, by: "a test" };
  expect(of({ reload })).toBe("Its app is reloaded: 1 of 3 done.");
});
