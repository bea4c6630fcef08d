import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { openPage } from "../support/browser.ts";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { freePort } from "../support/ports.ts";

const talks = `
const levels = { 1: "INFO", 2: "WARN" };
for (let n = 1; n <= 600; n += 1) console.log(new Date().toISOString() + " " + (levels[n % 3] ?? "DEBUG") + " GET /orders/" + n);
console.log("2020-01-01T00:00:00Z WARN GET /orders/old");
process.stdin.on("data", (text) => console.log("WARN typed " + text));
setInterval(() => {}, 1e6);`;

const tooWide = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** One daemon and one page for all of it: a browser takes seconds to start. */
test("the overview shows the health of all, on a phone too; the log is searched; usage is drawn under the lanes", async () => {
  const home = testHome();
  home.file("stays.cjs", "setInterval(() => {}, 1e6);");
  home.file("ends.cjs", "process.exit(3);");
  home.file("talks.cjs", talks);
  const probe = { tcp_socket: { port: await freePort() }, period: "100ms", failure_threshold: 2 };
  const apps = [
    { name: "calm", script: "stays.cjs", instances: 2, exec_mode: "cluster" },
    { name: "talks", script: "talks.cjs" },
    { name: "broken", script: "ends.cjs", max_restarts: 2 },
    { name: "ill", script: "stays.cjs", readiness_probe: probe },
    { name: "done", script: "done.cjs", type: "oneshot" },
  ];
  home.file("done.cjs", "");
  await home.xm("start", home.file("ecosystem.json", JSON.stringify({ apps })));
  const { page, foreign, errors } = await openPage(home);
  await page.getByRole("option", { name: /^calm/ }).first().waitFor();

  await page.getByRole("button", { name: "Overview" }).click();
  const cards = page.locator(".card");
  const texts = (): Promise<string[]> => cards.allInnerTexts();
  await until("all cards", async () => (await cards.count()) === 6, { saw: texts });
  const broken = page.getByRole("button", { name: /^broken, id \d+, errored$/ });
  await broken.waitFor();
  await page.getByRole("button", { name: /^ill, id \d+, unhealthy$/ }).waitFor();
  expect(await broken.innerText()).toContain("it is marked errored");
  const names = (await texts()).map((text) => text.split("\n")[0]?.split(":")[0]);
  expect(names.slice(0, 2)).toEqual(["broken", "ill"]);
  expect(names.at(-1)).toBe("done");
  await page.getByRole("button", { name: /^errored 1$/ }).click();
  expect(await cards.count()).toBe(1);
  await page.getByRole("button", { name: /^all 6$/ }).click();
  await page.keyboard.press("/");
  await page.keyboard.type("calm");
  await until("two cards", async () => (await cards.count()) === 2, { saw: texts });
  await page.getByLabel("Filter processes").fill("");
  // A change is seen without a reload of the page.
  await home.ok("stop", "calm");
  await until(
    "what was stopped",
    async () => (await texts()).filter((text) => /■ stopped/.test(text)).length === 2,
    { saw: texts },
  );
  for (const width of [600, 390]) {
    await page.setViewportSize({ width, height: 844 });
    expect(await tooWide(page)).toBe(0);
    const overflows = await cards.evaluateAll((all) =>
      all.flatMap((card) => {
        const { right } = card.getBoundingClientRect();
        return [...card.querySelectorAll("*")]
          .filter((each) => each.getBoundingClientRect().right > right + 0.5)
          .map((each) => each.className);
      }),
    );
    expect([width, overflows]).toEqual([width, []]);
  }
  const box = await broken.boundingBox();
  expect(box?.width).toBeGreaterThan(340);
  expect(box?.height).toBeGreaterThan(44);

  // A card opens the statechart of its process, and the browser goes back to the overview.
  await page.getByRole("button", { name: /^talks/ }).click();
  await page.locator(".decision", { hasText: "talks" }).waitFor();
  await page.goBack();
  await cards.first().waitFor();
  await page.goForward();
  await page.locator(".decision", { hasText: "talks" }).waitFor();

  await page.getByRole("tab", { name: "Logs" }).click();
  const log = page.getByRole("log");
  const logTexts = (): Promise<string[]> => log.locator(".log-text").allInnerTexts();
  await until("the last 200 lines", async () => (await logTexts()).length === 200);
  const search = page.getByPlaceholder("Search: text or /regex/");
  const told = page.getByRole("search", { name: "Search the log" }).getByRole("status");
  const tells = (what: string): Promise<unknown> =>
    until(what, async () => (await told.innerText()) === what, { saw: () => told.innerText() });
  await search.fill("orders/42");
  await tells("11 of the last 601 lines");
  expect(await log.locator("mark").first().innerText()).toBe("orders/42");
  await search.fill("/orders.(7|old)$/");
  await tells("2 of the last 601 lines");
  await page.getByLabel("Since").selectOption("1 h");
  await tells("1 of the last 601 lines");
  await search.fill("/(/");
  await until("the fault", async () => (await told.innerText()).includes("regular expression"));
  await search.fill("");
  await page.getByLabel("Since").selectOption("any time");
  await page.getByLabel("Level").selectOption("warn");
  await tells("201 of the last 601 lines");
  // What comes while it is searched is judged too.
  await home.client().input([(await home.process("talks")).id], "hello");
  await tells("202 of the last 602 lines");
  expect((await logTexts()).at(-1)).toBe("WARN typed hello");
  expect(await tooWide(page)).toBe(0);
  // The newest line is in sight.
  const isAtEnd = await log.evaluate(
    (each) => each.scrollTop + each.clientHeight > each.scrollHeight - 24,
  );
  expect(isAtEnd).toBe(true);
  await search.press("Escape");
  await until("the live log", async () => (await logTexts()).length === 200);

  // Under the lanes is what the daemon has kept of it, over the window of the time-line.
  const strip = page.locator(".usage-strip canvas");
  const words = async (): Promise<string> => (await strip.getAttribute("aria-label")) ?? "";
  await until(
    "its usage",
    async () => /^CPU and memory of talks: CPU .* MB last; highest/.test(await words()),
    { saw: words, withinMs: 30_000 },
  );
  await page.getByRole("button", { name: "1 min" }).click();
  const tip = page.locator(".tip", { hasText: /memory \d+ MB/ });
  await until("the figures under the pointer", async () => {
    await strip.hover({ position: { x: 340, y: 20 } });
    return (await tip.count()) > 0;
  });
  await page.getByRole("option", { name: /^broken/ }).click();
  await until(
    "nothing of what has hardly run",
    async () =>
      (await words()).endsWith("nothing is known") ||
      (await words()).startsWith("CPU and memory of broken: CPU"),
    { saw: words },
  );
  expect({ foreign, errors }).toEqual({ foreign: [], errors: [] });
}, 120_000);
