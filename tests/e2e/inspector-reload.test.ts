import { join } from "node:path";
import { expect, test } from "vitest";
import type { Page } from "playwright-core";
import type { MachineView, Timeline } from "../../runtime/contract/inspector.ts";
import { openPage } from "../support/browser.ts";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { openInspector } from "../support/inspector.ts";
import { freePort } from "../support/ports.ts";
import { program } from "../support/programs.ts";

const goalOf = ({ context }: MachineView): unknown => (context as { goal?: unknown }).goal;

/** The states that are lit on the chart, the inner ones. */
const litOf = (page: Page): Promise<string[]> =>
  page
    .locator(".drawing .state.leaf")
    .evaluateAll((all) => all.map((each) => each.getAttribute("data-state") ?? ""));

const script = join(import.meta.dirname, "../fixtures/cluster/plain.cjs");

test("a reload is seen from its process: its machine comes and goes, and the replacement takes the place", async () => {
  const home = testHome();
  const env = { PORT: await freePort() };
  const apps = [{ name: "o", script, instances: 2, exec_mode: "cluster", env }];
  await home.ok("start", home.file("o.json", JSON.stringify({ apps })));
  const inspector = await openInspector(home);
  const live = await inspector.live(0);
  await home.ok("reload", "o");
  const of = (generation: number) =>
    live.views("process").filter((view) => view.generation === generation);
  const isSettled = (): boolean =>
    live.views("app").at(-1)?.states.includes("app.supervising.settled") === true;
  const isGone = (): boolean => of(0).at(-1)?.states.includes("process.removed") === true;
  await until("the reload to be over", () => isGone() && isSettled(), {
    saw: () => [of(0).at(-1)?.states, live.views("app").at(-1)],
  });
  // The replacement is followed from its first moment on, and what it replaces to its last.
  const { messages } = live;
  const first = messages.findIndex((each) => each.type === "machine" && each.machine === of(1)[0]);
  const asked = messages.findIndex(
    (each) =>
      each.type === "machine" && each.machine.generation === 0 && goalOf(each.machine) === "remove",
  );
  expect([of(1)[0]?.states[2], first < asked]).toEqual(["process.alive.starting", true]);
  expect(of(1).at(-1)?.states).toContain("process.alive.online");
  const reload = live.views("reload");
  expect(reload.at(-1)?.states).toEqual(["reload", "reload.succeeded"]);
  expect(reload.at(-1)?.sentence).toBe("`xm reload`: every process was replaced.");
  const guards = new Set(reload.flatMap(({ guards }) => guards.map(({ guard }) => guard)));
  expect([...guards]).toEqual(expect.arrayContaining(["batchIsReady", "nothingIsLeft"]));
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

test("scrubbing back to a reload that ran under a God that was killed shows each chart as it was", async () => {
  const home = testHome();
  const env = { PORT: await freePort() };
  const apps = [{ name: "o", script, instances: 2, exec_mode: "cluster", env }];
  await home.ok("start", home.file("o.json", JSON.stringify({ apps })));
  await home.ok("reload", "o");
  const killed = home.godPid();
  process.kill(killed, "SIGKILL");
  const next = await home.nextGod(killed);
  const { page, errors } = await openPage(home);
  await page.getByRole("option", { name: /^o,/ }).first().click();
  await page.getByRole("tab", { name: "Reload" }).click();
  const hint = page.locator(".machine .hint");
  await hint.getByText("No reload of its app is in progress. The last one, ").waitFor();
  const timeline = page.getByRole("slider");
  const back = async (): Promise<void> => {
    await timeline.focus();
    await page.keyboard.press("ArrowLeft");
    await page.evaluate(() => new Promise(requestAnimationFrame));
  };
  const leaf = (): Promise<string> => litOf(page).then((all) => all.join(" "));
  const seen: string[] = [];
  for (let step = 0; step < 5; step += 1) {
    const before = await leaf();
    await back();
    const shown = step === 0 ? undefined : before;
    seen.push(
      await until("another step", async () => {
        const now = await leaf();
        return now !== shown && now;
      }),
    );
  }
  // From the end of the reload to its beginning, record by record.
  expect(seen).toEqual([
    "reload.succeeded",
    "reload.draining",
    "reload.launching",
    "reload.draining",
    "reload.launching",
  ]);
  expect(await hint.innerText()).toBe(
    "`xm reload`: 0 of 2 replaced; the replacement of process 0 is started.",
  );
  await page.keyboard.press("ArrowRight");
  expect(await page.locator(".drawing .label.taken").allTextContents()).toEqual([
    expect.stringContaining("batchIsReady"),
  ]);
  expect(await page.getByRole("row", { name: /batchIsReady/ }).innerText()).toContain("✓");
  const shown = async (): Promise<string[]> =>
    ((await timeline.getAttribute("aria-valuetext")) ?? "").split(", ");
  const [moment, state] = await shown();
  expect(state).toBe("draining");

  // Its app was reloading then, with that process's replacement in its place by now or about to be.
  await page.getByRole("tab", { name: "App" }).click();
  await page.locator('.drawing [data-state="app.supervising.reloading"].leaf').waitFor();
  await page.getByText("It keeps 2 processes; a reload is in progress.").waitFor();
  // God was the one that is dead now, and the page says what became of it.
  await page.getByRole("tab", { name: "God" }).click();
  await page.locator('.drawing [data-state="god.running"].leaf').waitFor();
  expect(await hint.innerText()).toMatch(
    new RegExp(`^It keeps 1 app. This was God with pid ${killed}. It was killed, .*pid ${next},`),
  );
  // And of the process two generations lived: the one that serves, and its replacement.
  await page.getByRole("tab", { name: "Process" }).click();
  // The replacement is recorded as online before the reload continues, and so before what it replaces is asked to stop.
  await until("the same moment of the process", async () => (await shown())[1] === "online", {
    saw: shown,
  });
  expect((await shown())[0]).toBe(moment);
  await page.getByRole("button", { name: /generation 1/ }).click();
  await page.locator(".json").getByText("generation", { exact: true }).waitFor();
  expect(await page.locator(".json").innerText()).toMatch(/generation\s*1\b/);
  await page.getByText("Not in the history: child.startTicks").waitFor();

  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "● Live" }).waitFor();
  expect(errors).toEqual([]);
});

test("what trips a restart, and who asks for one, is in the history and on the time-line", async () => {
  const home = testHome();
  const watched = home.file("watched.txt", "1");
  const app = { name: "w", script: program("obeys.js"), watch: [watched], watch_delay: 10 };
  await home.ok("start", home.file("w.json", JSON.stringify({ apps: [app] })));
  const inspector = await openInspector(home);
  home.file("watched.txt", "2");
  const tripped = async () =>
    (await home.client().history({ ids: [0] })).find(({ sensor }) => sensor !== null);
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
  expect(lanes[0]?.marks).toContainEqual(
    expect.objectContaining({ kind: "watch", label: "a change of watched.txt" }),
  );
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
