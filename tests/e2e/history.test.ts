import { expect, test } from "vitest";
import type { HistoryRecordView } from "../../runtime/client/connection/types.ts";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

test("the history tells every transition over the lives of several daemons, as text and as JSON", async () => {
  const home = testHome();
  await home.ok("start", program("crashes.js"), "--name", "c", "--max-restarts", "2");
  await until("its budget to be spent", async () => (await home.process("c")).status === "errored");
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  await home.ok("start", program("stays.js"), "--name", "s");
  const lines = (await home.ok("history", "--json", "--since", "1h")).trim().split("\n");
  const records = lines.map((line) => JSON.parse(line) as HistoryRecordView);
  const about = (name: string): unknown[] =>
    records.filter((each) => each.name === name).map(({ event, status }) => [event, status]);
  expect(about("c")).toEqual([
    ["child.spawned", "online"],
    ["child.exited", "starting"],
    ["child.spawned", "online"],
    ["child.exited", "errored"],
    ["resumed", "errored"],
  ]);
  expect(about("s")[0]).toEqual(["child.spawned", "online"]);
  expect(records.filter(({ kind }) => kind === "daemon").length).toBe(2);
  const exits = records.flatMap(({ exit }) => exit?.code ?? []);
  expect(exits).toEqual([1, 1]);
  const rules = records.flatMap(({ decision }) => decision?.rule ?? []);
  expect(rules).toEqual(["restartsAtOnce", "unstableTooOften"]);

  const text = await home.ok("history", "c");
  expect(text).toContain("it is marked errored, because that was unstable exit 2 of 2");
  expect(text).toContain("daemon started, pid");
  // What its app and God did is told when it is asked for.
  expect(text).not.toContain("supervising");
  const all = await home.ok("history", "c", "--all", "--lines", "500");
  expect(all).toMatch(/c \(app\) +processes\.add +supervising\.settled/);
  expect(all).toMatch(/God +restore is done +running/);
  expect(all).toMatch(/God +app\.declare s +running/);
  const { code, stderr } = await home.xm("history", "c", "--since", "yesterday");
  expect([code, stderr.includes('--since: expected a time, got "yesterday"')]).toEqual([1, true]);
});

test("events are read on from a number, so that nothing is missed while nobody listened", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "s");
  const abort = new AbortController();
  const seen: number[] = [];
  for await (const { seq, event } of home.client().events(abort.signal, 0)) {
    seen.push(seq);
    if (event === "child.spawned") break;
  }
  const last = seen.at(-1) ?? 0;
  await home.ok("stop", "s");
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  const later: string[] = [];
  for await (const { seq, event, status } of home.client().events(abort.signal, last)) {
    seen.push(seq);
    later.push(event);
    if (event === "started" && status === null && later.length > 1) break;
  }
  expect(seen).toEqual(seen.map((_, index) => index + 1));
  expect(later).toContain("child.exited");
});
