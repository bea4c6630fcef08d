import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { statusCodes, type Timeline } from "../../runtime/contract/inspector.ts";
import { encodeRecord, historyEntry, type HistoryRecord } from "../../runtime/contract/history.ts";
import { openPage } from "../support/browser.ts";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { freePort } from "../support/ports.ts";
import { program } from "../support/programs.ts";

/** The status beside the name of the selected process. */
const statusOf = (page: Page): Promise<string> =>
  page.locator(".decision .status.big").innerText({ timeout: 5_000 });

const sees = (page: Page, status: string): Promise<unknown> =>
  until(
    `${status} beside the name`,
    async () => (await statusOf(page)).endsWith(status) || undefined,
    { withinMs: 40_000, saw: () => statusOf(page) },
  );

/** The states that are lit on the chart, the inner ones. */
const litOf = (page: Page): Promise<string[]> =>
  page
    .locator(".drawing .state.leaf")
    .evaluateAll((all) => all.map((each) => each.getAttribute("data-state") ?? ""));

/** A program that ends with code 3 after some seconds: a shell is there at once, however busy the machine is. */
function crashing(home: TestHome, seconds: number): string {
  return home.file("crash.sh", `#!/bin/sh\nsleep ${seconds}\nexit 3\n`);
}

test("a crash loop is seen going round until it is given up, and scrubbing back shows it waiting", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "calm");
  const { page, foreign, errors } = await openPage(home);
  await page.getByRole("option", { name: /^calm/ }).waitFor();
  // Everything that the page says of the status, as it says it.
  await page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(globalThis, { seen });
    const look = (): void => {
      const row = [...document.querySelectorAll('[role="option"]')].find((each) =>
        each.getAttribute("aria-label")?.startsWith("loop,"),
      );
      const word = row?.querySelector(".status")?.textContent?.slice(2);
      if (word !== undefined && word !== seen.at(-1)) seen.push(word);
    };
    new MutationObserver(look).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
    });
  });
  await home.ok(
    "start",
    crashing(home, 0.2),
    "--name",
    "loop",
    "--interpreter",
    "none",
    "--restart-delay",
    "150",
    "--min-uptime",
    "1m",
  );
  await page.getByRole("option", { name: /^loop/ }).click();
  await page.locator('.drawing [data-state="process.waiting"].leaf').waitFor();
  await page.locator(".reading.countdown").first().waitFor();
  await sees(page, "errored");

  const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
  const first = seen.indexOf("online");
  expect(seen.slice(first, first + 2)).toEqual(["online", "waiting restart"]);
  // A page on a busy machine does not draw all sixteen.
  expect(seen.filter((word) => word === "waiting restart").length).toBeGreaterThan(1);
  expect(seen.at(-1)).toBe("errored");
  expect(await litOf(page)).toEqual(["process.errored"]);
  expect(await page.locator(".decision .sentence").innerText()).toMatch(
    /^Exited with code 3 after .*; it is marked errored, because that was unstable exit 16 of 16 in a row/,
  );
  const guard = page.getByRole("row", { name: /unstableTooOften/ });
  expect(await guard.innerText()).toMatch(/unstableTooOften\s+✓[^]*16\/16/);
  expect(await page.locator(".drawing .reading.holds").allTextContents()).toContain("✓ 16/16");
  expect(await page.locator(".drawing .label.taken").count()).toBe(3);

  const timeline = page.getByRole("slider");
  await timeline.focus();
  await until("the wait before the last life", async () => {
    await page.keyboard.press("ArrowLeft");
    await page.evaluate(() => new Promise(requestAnimationFrame));
    return (await statusOf(page)).endsWith("waiting restart");
  });
  expect(await litOf(page)).toEqual(["process.waiting"]);
  expect(await page.getByRole("row", { name: /unstableTooOften/ }).innerText()).toContain("15/16");
  expect(await page.locator(".decision .sentence").innerText()).toContain(
    "it starts again in 150 ms, because restart_delay is set",
  );
  expect(await timeline.getAttribute("aria-valuetext")).toMatch(/\d\d:\d\d:\d\d\.\d+, waiting/);
  await page.getByRole("button", { name: "Go live" }).first().click();
  await sees(page, "errored");
  expect({ foreign, errors }).toEqual({ foreign: [], errors: [] });
});

test("the page says what a program said last and what its probes find, and draws a wait for others", async () => {
  const home = testHome();
  home.file("db.cjs", 'console.error("Error: cannot open the database"); process.exit(3);');
  home.file("gate.cjs", "setInterval(() => {}, 1000);");
  const probe = { tcp_socket: { port: await freePort() }, period: "100ms", failure_threshold: 2 };
  const apps = [
    { name: "db", script: "db.cjs", max_restarts: 2 },
    { name: "gate", script: "gate.cjs", readiness_probe: probe },
    { name: "late", script: "gate.cjs", depends_on: { gate: { condition: "service_healthy" } } },
  ];
  const starting = home.xm("start", home.file("ecosystem.json", JSON.stringify({ apps })));
  const { page } = await openPage(home);
  await page.getByRole("option", { name: /^db/ }).click();
  await sees(page, "errored");
  expect(await page.locator(".last-words").innerText()).toBe("Error: cannot open the database");
  await page.getByRole("option", { name: /^gate, id \d+, unhealthy/ }).click();
  await page.locator(".decision", { hasText: "It is unhealthy (ECONNREFUSED" }).waitFor();
  await page.getByRole("option", { name: /^late/ }).click();
  await sees(page, "pending");
  await page.locator('.drawing [data-state="process.pending.waitingForOthers"].leaf').waitFor();
  await home.ok("delete", "all");
  await starting;
});

test("what the what-if plays, real processes do: the same rules, waits and end, at the same time", async () => {
  const home = testHome();
  const policy = ["--max-restarts", "9", "--min-uptime", "1m", "--restart-delay", "300"];
  const start = ["start", crashing(home, 0.4), "--interpreter", "none", ...policy];
  await home.ok(...start, "--name", "loop", "--no-autorestart");
  const { page, errors } = await openPage(home);
  await page.getByRole("option", { name: /^loop/ }).click();
  await page.getByRole("tab", { name: "What if?" }).click();
  await page.getByLabel("max_restarts").fill("3");
  await page.getByLabel("restart", { exact: true }).selectOption("always");
  await page.getByLabel("each run lasts").fill("400ms");
  await page.getByLabel("exit code", { exact: true }).fill("3");
  const end = page.locator(".whatif .end");
  await until("the end of the simulation", async () =>
    (await end.innerText()).includes("unstable exit 3 of 3"),
  );
  expect(await end.innerText()).toContain("It is errored after 1.8 s and 2 restarts");
  const rows = await page.locator(".changes tbody tr").allInnerTexts();
  const played = rows.map((row) => row.split("\t").map((cell) => cell.trim()));
  expect(played.map(([at, status]) => [at, status?.slice(2)])).toEqual([
    ["+0 s", "online"],
    ["+0.4 s", "waiting restart"],
    ["+0.7 s", "online"],
    ["+1.1 s", "waiting restart"],
    ["+1.4 s", "online"],
    ["+1.8 s", "errored"],
  ]);
  const snippet = await page.locator(".snippet pre").innerText();
  expect(snippet).toBe(
    '{\n  name: "loop",\n  max_restarts: 3,\n  min_uptime: 60000,\n  restart_delay: 300,\n}',
  );

  // The snippet is what the real one runs with.
  const fields = new Map(
    [...snippet.matchAll(/^ {2}(\w+): (\d+),$/gm)].map(([, name = "", value]) => [
      name,
      Number(value),
    ]),
  );
  const file = home.file(
    "real.json",
    JSON.stringify([
      {
        ...Object.fromEntries(fields),
        name: "real",
        script: crashing(home, 0.4),
        interpreter: "none",
      },
    ]),
  );
  await home.ok("start", file);
  const { id } = await until("the real one to be given up", async () => {
    const found = await home.process("real");
    return found.status === "errored" && found;
  });
  const history = (await home.client().history({ ids: [id] })).filter(
    ({ kind }) => kind === "process",
  );
  const begin = history[0]?.at ?? 0;
  const real = history
    .filter(({ status }) => status !== "starting")
    .map(({ at, status, decision }) => ({ at: at - begin, status, sentence: decision?.sentence }));
  expect(real.map(({ status }) => status)).toEqual(
    played.map(([, status]) => (status?.endsWith("restart") ? "waiting" : status?.slice(2))),
  );
  const reason = (sentence: string | undefined): string | undefined => sentence?.split("; ")[1];
  expect(real.flatMap(({ sentence }) => reason(sentence) ?? [])).toEqual(
    played.flatMap(([, , why]) => reason(why) ?? []),
  );
  // A real life takes as long as it is told and the machine's own time on top; never less.
  const times = played.map(([at = ""]) => Number(at.slice(1, -2)) * 1_000);
  real.forEach(({ at }, index) => {
    expect(at).toBeGreaterThanOrEqual((times[index] ?? 0) - 5);
    expect(at).toBeLessThan((times[index] ?? 0) + 400 * (index + 1));
  });

  // Played with its own recorded lives, it is the real one to the millisecond that its waits and ends took.
  await page.getByRole("option", { name: /^real/ }).click();
  await page.getByLabel("behaviour").selectOption("recorded");
  const lives = history.flatMap(({ exit }) => exit?.uptimeMs ?? []);
  const total = lives.reduce((sum, each) => sum + each, 600);
  await until("its own lives to be played", async () =>
    (await page.locator(".changes tbody tr").last().innerText()).startsWith(`+${total / 1_000} s`),
  );
  expect(await end.innerText()).toContain("unstable exit 3 of 3");
  expect(errors).toEqual([]);
});

test("with --control a button restarts it and a confirmed one deletes it; without it there is none", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "s");
  const before = await home.process("s");
  const looks = await openPage(home);
  await looks.page.getByRole("option", { name: /^s,/ }).waitFor();
  expect(await looks.page.getByText("read only").count()).toBe(1);
  expect(await looks.page.getByRole("button", { name: "Restart" }).count()).toBe(0);

  const { page, errors } = await openPage(home, { control: true });
  await page.getByRole("button", { name: "Restart" }).click();
  const after = await until("another pid", async () => {
    const found = await home.process("s");
    return found.pid !== null && found.pid !== before.pid && found.status === "online" && found;
  });
  await page.getByText(`as pid ${after.pid}.`).waitFor();

  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Keep it" }).click();
  expect((await home.list()).length).toBe(1);
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await until("it to be gone", async () => (await home.list()).length === 0);
  await page.getByText("No process yet.").first().waitFor();
  expect(errors).toEqual([]);
});

test("God's death is told, its apps run on, and the page goes on with the next God by itself", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "s");
  const { page } = await openPage(home);
  await page.getByText("● live", { exact: true }).waitFor();
  await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }));
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await page.getByText("God died; its apps keep running; waiting for the next one").waitFor();
  const next = await home.nextGod(god);
  await page.getByText(`pid ${next}`, { exact: true }).waitFor({ timeout: 20_000 });
  await page.getByText("● live", { exact: true }).waitFor();
  await sees(page, "online");
  expect(await page.evaluate(() => (globalThis as { isSamePage?: boolean }).isSamePage)).toBe(true);
});

test("days back, over the lives of two Gods, it shows what a process was then", async () => {
  const home = testHome();
  const days = 3 * 86_400_000;
  const begin = Date.now() - days;
  const folder = join(home.paths.home, "history");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const past = longPast(begin, days);
  writeFileSync(join(folder, "000000000001.ndjson"), past.map(encodeRecord).join(""), {
    mode: 0o600,
  });
  await home.ok("start", program("stays.js"), "--name", "old");
  const { page, errors } = await openPage(home);
  await sees(page, "online");
  await page.getByRole("button", { name: "14 d", exact: true }).click();
  const timeline = page.getByRole("slider");
  await timeline.focus();
  // The lanes reach back as soon as their history has come.
  const shown = async (): Promise<string> => (await timeline.getAttribute("aria-valuetext")) ?? "";
  const day = `${new Date(begin).toLocaleDateString("en-GB", { day: "numeric" })} `;
  await until(
    "the first of all records, which is not the only one of its day",
    async () => {
      await page.keyboard.press("Home");
      const text = await shown();
      return text.includes(day) && text.includes("waiting");
    },
    { saw: shown },
  );
  await sees(page, "waiting restart");
  expect(await litOf(page)).toEqual(["process.waiting"]);
  expect(await page.locator(".decision .sentence").innerText()).toContain(
    "it starts again in 1 h, because restart_delay is set",
  );
  await page.keyboard.press("ArrowRight");
  await sees(page, "online");
  await page.keyboard.press("End");
  await sees(page, "online");
  expect(await page.getByRole("button", { name: "● Live" }).getAttribute("aria-pressed")).toBe(
    "true",
  );
  expect(errors).toEqual([]);
});

test("a page whose session is over says so, and asks no more", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "s");
  const { page } = await openPage(home);
  await sees(page, "online");
  const { port } = await home.client().inspector();
  await home.ok("inspect", "--stop");
  await page.getByText("waiting for the next one").waitFor();
  await home.ok("inspect", "--json", "--port", String(port));
  await page.getByText("this session has ended; open a new one with xm inspect").waitFor();
});

test("it is used by the keyboard alone: filter, list, charts, details, time-line and what-if", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "one");
  await home.ok("start", program("stays.js"), "--name", "two");
  const { page, errors } = await openPage(home, { motion: "reduce" });
  await page.getByRole("option", { name: /^two/ }).waitFor();
  const heading = (): Promise<string> => page.locator(".decision h2").innerText();
  await page.keyboard.press("/");
  await page.keyboard.type("two");
  await page.keyboard.press("Enter");
  await until("the filtered one to be chosen", async () => (await heading()) === "two");
  await page.keyboard.press("/");
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await until("the one above", async () => (await heading()) === "one");

  // Every stop of the tabulator has a name, is seen to be it, and the walk comes to every part.
  const stops: string[] = [];
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return null;
      const labelled = element.getAttribute("aria-labelledby");
      const name =
        element.getAttribute("aria-label") ??
        (labelled === null ? null : document.querySelector(`#${labelled}`)?.textContent) ??
        element.textContent;
      const { outlineStyle } = getComputedStyle(element);
      const isSvg = element instanceof SVGElement;
      return { name: name?.trim().slice(0, 40), isMarked: isSvg || outlineStyle !== "none" };
    });
    if (stop === null) break;
    expect(stop).toMatchObject({ isMarked: true });
    expect(stop.name).not.toBe("");
    stops.push(stop.name ?? "");
  }
  for (const part of [
    "Process",
    "Statechart of the process machine",
    "Details",
    "Moment shown of one",
  ]) {
    expect(stops.some((stop) => stop.startsWith(part))).toBe(true);
  }

  await page.getByRole("tab", { name: "Process" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.locator('.drawing[data-machine="app"] .state.lit').first().waitFor();
  await page.keyboard.press("End");
  await page.getByLabel("max_restarts").waitFor();
  await page.getByRole("tab", { name: "What if?" }).focus();
  await page.keyboard.press("Home");
  const chart = page.getByRole("group", { name: /^Statechart of the process/ });
  await chart.focus();
  const place = (): Promise<string | null> =>
    page.locator(".drawing > g").getAttribute("transform");
  const whole = await place();
  await page.keyboard.press("+");
  expect(await place()).not.toBe(whole);
  const state = page.locator(
    '.drawing [data-state="process.alive.online.uptime.fresh"].leaf, .drawing [data-state="process.alive.online.uptime.stable"].leaf',
  );
  await state.first().focus();
  await page
    .getByRole("tooltip")
    .getByText("Younger than min_uptime")
    .or(page.getByRole("tooltip").getByText("Older than min_uptime"))
    .waitFor();
  expect(errors).toEqual([]);
});

test("at 390 px nothing is wider than the page, in any of its views", async () => {
  const home = testHome();
  const name = "a-process-whose-name-is-longer-than-any-list-is-wide-and-then-some";
  await home.ok("start", program("stays.js"), "--name", name);
  const { page, errors } = await openPage(home, {
    width: 390,
    height: 844,
    control: true,
    scheme: "light",
  });
  await page.getByRole("option").waitFor();
  const tooWide = (): Promise<number> =>
    page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
  for (const tab of [
    "Process",
    "App",
    "Reload",
    "Group",
    "God",
    "Details",
    "Events",
    "Logs",
    "What if?",
  ]) {
    await page.getByRole("tab", { name: tab }).click();
    expect([tab, await tooWide()]).toEqual([tab, 0]);
  }
  await page.getByLabel("max_restarts").waitFor();
  expect(await tooWide()).toBe(0);

  // What the marks of the time-line mean is a key away, and so is the page again.
  await page.getByRole("button", { name: "Legend" }).press("Enter");
  await page.getByRole("group", { name: "Legend" }).getByText("over its memory limit").waitFor();
  expect(await tooWide()).toBe(0);
  await page.keyboard.press("Escape");
  await page.getByRole("group", { name: "Legend" }).waitFor({ state: "hidden" });
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Legend");
  expect(errors).toEqual([]);
});

test("two fingers zoom the chart and the time-line", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "s");
  const { page, errors } = await openPage(home, { width: 390, height: 844 });
  await page.locator(".drawing .state.leaf").first().waitFor();
  const devtools = await page.context().newCDPSession(page);
  /** Puts two fingers down around the middle of an element, moves them to four times the distance, and lifts them. */
  const spread = async (selector: string): Promise<void> => {
    await page.locator(selector).scrollIntoViewIfNeeded();
    const box = await page.locator(selector).boundingBox();
    if (box === null) throw new Error(`there is no ${selector}`);
    const x = box.x + box.width * 0.6;
    const y = box.y + box.height * 0.6;
    const fingers = (apart: number) => [
      { x: x - apart / 2, y, id: 1 },
      { x: x + apart / 2, y, id: 2 },
    ];
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", apart: number) =>
      devtools.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: type === "touchEnd" ? [] : fingers(apart),
      });
    await touch("touchStart", 40);
    for (const apart of [60, 90, 120, 160]) await touch("touchMove", apart);
    await touch("touchEnd", 160);
  };
  const scale = async (): Promise<number> => {
    const transform = await page.locator(".drawing > g").getAttribute("transform");
    return Number(/scale\(([\d.]+)\)/.exec(transform ?? "")?.[1]);
  };
  const before = await scale();
  await spread(".chart .canvas");
  await until("the chart to be larger", async () => (await scale()) > before * 2 || undefined, {
    saw: scale,
  });

  // A finger's breadth of the time-line is less time than before.
  const timeline = page.getByRole("slider");
  const timeAt = async (x: number): Promise<number> => {
    const box = await timeline.boundingBox();
    if (box === null) throw new Error("there is no time-line");
    await page.mouse.click(box.x + x, box.y + 60);
    const text = (await timeline.getAttribute("aria-valuetext")) ?? "";
    const [, hours, minutes, seconds] = /(\d+):(\d+):([\d.]+)/.exec(text) ?? [];
    return (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  };
  const breadth = async (): Promise<number> => (await timeAt(180)) - (await timeAt(120));
  await timeline.scrollIntoViewIfNeeded();
  const wide = await breadth();
  await spread(".timeline-canvas canvas");
  expect(await breadth()).toBeLessThan(wide / 2);
  expect(errors).toEqual([]);
});

test("two hundred lanes with a hundred thousand records are painted within a frame, and rows are drawn that are seen", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "s");
  const { page, errors } = await openPage(home, {
    before: async (opening) => {
      await opening.route("**/inspector/timeline*", async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ json: manyLanes((await answer.json()) as Timeline) });
      });
    },
  });
  await page.getByRole("option").waitFor();
  const canvas = page.getByRole("slider");
  await canvas.hover();
  await page.getByRole("button", { name: "1 d", exact: true }).click();
  await canvas.hover();
  const times = (): Promise<number[]> =>
    page.evaluate(() => [
      ...(globalThis as unknown as { inspectorPaintTimes: number[] }).inspectorPaintTimes,
    ]);
  await page.evaluate(() => {
    (globalThis as unknown as { inspectorPaintTimes: number[] }).inspectorPaintTimes.length = 0;
  });
  for (let step = 0; step < 120; step += 1) {
    await page.mouse.wheel(step % 2 === 0 ? 60 : -45, step % 3 === 0 ? 40 : 0);
  }
  const painted = await until("sixty frames", async () => {
    const all = await times();
    return all.length >= 60 && all;
  });
  const sorted = painted.toSorted((one, other) => one - other);
  const share = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
  console.log(
    `time-line of 200 lanes and 100 000 records: ${sorted.length} frames, median ${share(0.5).toFixed(1)} ms, 95 % within ${share(0.95).toFixed(1)} ms`,
  );
  expect(share(0.5)).toBeLessThan(1_000 / 60);
  expect(errors).toEqual([]);
});

test("it can be used within a second of being opened", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "s", "-i", "4", "--no-autorestart");
  const { page, errors } = await openPage(home, {
    before: (opening) =>
      opening.addInitScript(() => {
        const look = (): void => {
          const isThere =
            document.querySelector(".row") !== null &&
            document.querySelector(".drawing .state.leaf") !== null;
          if (isThere) Object.assign(globalThis, { usableAfterMs: performance.now() });
          else requestAnimationFrame(look);
        };
        look();
      }),
  });
  const times: number[] = [];
  for (let load = 0; load < 4; load += 1) {
    await page.waitForFunction(() => "usableAfterMs" in globalThis);
    times.push(
      await page.evaluate(() => (globalThis as unknown as { usableAfterMs: number }).usableAfterMs),
    );
    await page.reload();
  }
  console.log(`usable after ${times.map((time) => `${time.toFixed(0)} ms`).join(", ")}`);
  // Other tests run beside this one: the best of some is what it takes.
  expect(Math.min(...times)).toBeLessThanOrEqual(1_000);
  expect(errors).toEqual([]);
});

test("all that the page loads is at most 150 KB", () => {
  const folder = join(import.meta.dirname, "../../dist/inspector");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const charts = ["process", "app", "reload", "god"].map((name) =>
    join(import.meta.dirname, `../../docs/charts/${name}.json`),
  );
  expect(files.some((file) => file.endsWith("index.html"))).toBe(true);
  const bytes = [...files, ...charts].map((file) => gzipSync(readFileSync(file)).length);
  const total = bytes.reduce((sum, each) => sum + each, 0);
  console.log(`the inspector's page with its charts: ${(total / 1_024).toFixed(1)} KB gzip`);
  expect(total).toBeLessThanOrEqual(150 * 1_024);
  for (const file of files.filter((each) => /\.(html|js|css)$/.test(each))) {
    const urls = readFileSync(file, "utf8").matchAll(/\bhttps?:\/\/(?!www\.w3\.org\/)[^\s"'`)]+/g);
    const loaded = [...urls]
      .map(([url]) => url)
      .filter(
        (url) => !url.startsWith("https://xstate.js.org") && !url.startsWith("https://stately.ai"),
      );
    expect([file, loaded]).toEqual([file, []]);
  }
});

/** What a God of some days ago has written of process 0: an end and a start by turns, more than a page asks for at once. */
function longPast(begin: number, days: number): HistoryRecord[] {
  const judged = {
    rule: "delaysRestart",
    next: "wait",
    exit: null,
    saw: { restartDelayMs: 3_600_000 },
    delayMs: 3_600_000,
    sentence: "Exited with code 1 after 5 s; it starts again in 1 h, because restart_delay is set.",
  } as const;
  const count = 900;
  return Array.from({ length: count }, (_, index) => {
    const at = begin + Math.round((index / count) * days);
    const isEnd = index % 2 === 0;
    const entry = historyEntry({
      at,
      kind: "process",
      id: 0,
      app: "old",
      name: "old",
      event: isEnd ? "child.exited" : "child.spawned",
      states: isEnd ? "waiting" : "alive.online.uptime.fresh alive.online.sensors.off",
      status: isEnd ? "waiting" : "online",
      pid: isEnd ? null : 4_000 + index,
      decision: isEnd ? { ...judged, at } : null,
      restartAt: isEnd ? at + 3_600_000 : null,
    });
    return { ...entry, seq: index + 1 };
  });
}

/** A day of two hundred processes that change their status every few minutes. */
function manyLanes({ until: end, lastSeq, daemons }: Timeline): Timeline {
  const since = end - 86_400_000;
  const lanes = Array.from({ length: 200 }, (_, lane) => {
    const points = Array.from({ length: 500 }, (__, index) => [
      index * 172_000 + ((lane * 7_919 + index * 104_729) % 60_000),
      1,
      (lane + index * (1 + (lane % 3))) % (statusCodes.length - 1),
    ]);
    const marks = Array.from({ length: 100 }, (__, index) => ({
      at: index * 860_000,
      seq: 1,
      kind: "exit" as const,
      label: "code 1",
    }));
    return { id: 1_000 + lane, name: `app-${lane}`, points: points.flat(), others: [], marks };
  });
  return { since, until: end, lastSeq, lanes, daemons };
}
