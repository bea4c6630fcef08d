import { join } from "node:path";
import { expect, test } from "vitest";
import type { Timeline } from "../../runtime/inspector/contract.ts";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { openInspector } from "../support/inspector.ts";
import { freePort } from "../support/ports.ts";
import { program } from "../support/programs.ts";

const script = join(import.meta.dirname, "../fixtures/cluster/plain.cjs");

test("a reload is seen from its process: its machine comes and goes, and the replacement takes the place", async () => {
  const home = testHome();
  const env = { PORT: await freePort() };
  const apps = [{ name: "o", script, instances: 2, exec_mode: "cluster", env }];
  await home.ok("start", home.file("o.json", JSON.stringify({ apps })));
  const inspector = await openInspector(home);
  const live = await inspector.live(0);
  await home.ok("reload", "o");
  const generation = (): unknown =>
    (live.views("process").at(-1)?.context as { generation?: number } | undefined)?.generation;
  const isSettled = (): boolean =>
    live.views("app").at(-1)?.states.includes("app.supervising.settled") === true;
  await until("the reload to be over", () => generation() === 1 && isSettled(), {
    saw: () => [generation(), live.views("app").at(-1)],
  });
  const reload = live.views("reload");
  expect(reload.at(-1)?.states).toEqual(["reload", "reload.succeeded"]);
  expect(reload.at(-1)?.sentence).toBe("`xm reload`: every process was replaced.");
  const asked = new Set(reload.flatMap(({ guards }) => guards.map(({ guard }) => guard)));
  expect([...asked]).toEqual(expect.arrayContaining(["batchIsReady", "nothingIsLeft"]));
  const steps = live
    .views("app")
    .flatMap(({ steps }) => steps.map(({ event, target }) => `${event} ${target ?? ""}`));
  expect(steps).toEqual(
    expect.arrayContaining([
      "app.reload app.supervising.reloading",
      "always app.supervising.settled",
    ]),
  );
  const { lanes } = JSON.parse((await inspector.ask("/inspector/timeline")).body) as Timeline;
  expect(lanes.map(({ marks }) => marks.filter(({ kind }) => kind === "reload").length)).toEqual([
    2, 2,
  ]);
});

test("what trips a restart, and who asks for one, is in the history and on the time-line", async () => {
  const home = testHome();
  const watched = home.file("watched.txt", "1");
  const app = { name: "w", script: program("obeys.js"), watch: [watched], watch_delay: 10 };
  await home.ok("start", home.file("w.json", JSON.stringify({ apps: [app] })));
  const inspector = await openInspector(home);
  home.file("watched.txt", "2");
  const tripped = async () =>
    (await home.client().history({ ids: [0] })).find(({ event }) => event === "sensor.tripped");
  const record = await until("the watch to trip", async () => {
    home.file("watched.txt", String(Date.now()));
    return tripped();
  });
  expect([record.sensor, record.by, record.status]).toEqual([
    "watch",
    "a change of watched.txt",
    "stopping",
  ]);
  const { lanes } = JSON.parse((await inspector.ask("/inspector/timeline")).body) as Timeline;
  expect(lanes[0]?.marks[0]).toMatchObject({ kind: "watch", label: "a change of watched.txt" });
});

test("a page that waits for a process which is not there yet is told of it when it comes", async () => {
  const home = testHome();
  await home.ok("ping");
  const inspector = await openInspector(home);
  const live = await inspector.live(0);
  await until("God's chart", () => live.views("god").length > 0);
  expect(live.views("process")).toEqual([]);
  await home.ok("start", program("stays.js"), "--name", "s");
  const view = await until("its chart", () => live.views("process").at(-1));
  expect([view.of, view.states[1]]).toEqual(["0", "process.alive"]);
  await until("its app's chart", () => live.views("app").at(-1)?.of === "s");
  await home.ok("delete", "s");
  await until("it to be gone", () =>
    live.messages.some((each) => each.type === "processes" && each.removed.includes(0)),
  );
  expect(live.views("process").at(-1)?.states).toEqual(["process", "process.removed"]);
});
