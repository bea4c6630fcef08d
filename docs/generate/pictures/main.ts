import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "./browser.ts";

/*
 * `npm run docs:pictures`: photographs the inspector over a God of its own with apps that do what apps do. Run by hand:
 * no two runs give the same pixels, so no test compares them.
 */

const root = join(import.meta.dirname, "../../..");
const pictures = join(root, "docs/pictures");
const folder = mkdtempSync(join(tmpdir(), "xm-pictures-"));
const home = join(folder, "home");

const programs: Readonly<Record<string, string>> = {
  "api.js": `const server = require("http").createServer((_, answer) => answer.end("ok"));
setTimeout(() => server.listen(0, "127.0.0.1"), 1500);
let count = 0;
setInterval(() => {
  console.log("GET /orders/" + (count += 1) + " 200");
  for (let turn = 0, end = 4e6 * (1 + Math.sin(count / 6)); turn < end; turn += 1);
}, 500);`,
  "ends.js": `console.log("up, pid " + process.pid);
setTimeout(() => {
  console.error("Error: connect ECONNREFUSED 127.0.0.1:5432");
  process.exit(1);
}, Number(process.env.AFTER));`,
  "breaks.js": `setTimeout(() => process.kill(process.pid, "SIGSEGV"), 9000); setInterval(() => {}, 1000);`,
};

/** How long the apps run before the first picture; ms. */
const runMs = 70_000;

try {
  mkdirSync(pictures, { recursive: true });
  for (const [name, text] of Object.entries(programs)) writeFileSync(join(folder, name), text);
  const script = (name: string): string => join(folder, name);
  const apps = [
    { name: "api", script: script("api.js"), instances: 2, exec_mode: "cluster" },
    { name: "checkout", script: script("api.js"), cron_restart: "*/30 * * * * *" },
    {
      name: "worker",
      script: script("ends.js"),
      env: { AFTER: "2600" },
      restart_delay: 4_000,
      min_uptime: "10s",
    },
    {
      name: "mailer",
      script: script("ends.js"),
      env: { AFTER: "900" },
      exp_backoff_restart_delay: 400,
      max_restarts: 9,
      min_uptime: "5s",
    },
    { name: "thumbnails", script: script("breaks.js"), restart_delay: 1_500 },
    { name: "importer", script: script("api.js") },
  ];
  writeFileSync(join(folder, "apps.json"), JSON.stringify(apps));
  xm("start", join(folder, "apps.json"));
  await wait(runMs / 2);
  xm("stop", "importer");
  xm("reload", "api");
  process.kill(Number(readFileSync(join(home, "god.pid"), "utf8")), "SIGKILL");
  await wait(runMs / 2);
  const browser = await launchBrowser();
  await takeAll(browser);
  await browser.close();
} finally {
  xm("kill");
  rmSync(folder, { recursive: true, force: true });
}

async function takeAll(browser: Browser): Promise<void> {
  const dark = await open(browser, { width: 1_440, height: 900, colorScheme: "dark" });
  await choose(dark, "worker");
  // From the beginning of a wait: there is time to look at it.
  await dark.locator('.drawing [data-state="process.alive.online"].lit').waitFor();
  await dark.locator('.drawing [data-state="process.waiting"].leaf').waitFor();
  await wait(1_200);
  await take(dark, "dark");

  await dark.getByRole("tab", { name: "Events" }).click();
  await dark.getByRole("slider").focus();
  for (let step = 0; step < 5; step += 1) await dark.keyboard.press("ArrowLeft");
  await wait(800);
  await take(dark, "time-travel");
  await dark.keyboard.press("End");

  // While the second replacement of the reload under the God that is dead now was starting.
  await choose(dark, "api");
  await dark.getByRole("tab", { name: "Reload" }).click();
  await dark.locator(".machine .hint").getByText("The last one").waitFor();
  await dark.getByRole("slider").focus();
  for (let step = 0; step < 3; step += 1) await dark.keyboard.press("ArrowLeft");
  await wait(800);
  await take(dark, "reload");
  await dark.keyboard.press("End");

  await choose(dark, "mailer");
  await dark.getByRole("tab", { name: "What if?" }).click();
  await dark.getByLabel("max_restarts").fill("12");
  await wait(1_500);
  await take(dark, "what-if");

  await dark.getByRole("button", { name: "Overview" }).click();
  await wait(1_500);
  await take(dark, "overview");

  const light = await open(browser, { width: 1_440, height: 900, colorScheme: "light" });
  await choose(light, "mailer");
  await wait(2_500);
  await take(light, "light");

  const narrow = await open(browser, { width: 390, height: 1_180, colorScheme: "dark" });
  await choose(narrow, "worker");
  await wait(2_500);
  await take(narrow, "narrow");
}

async function open(
  browser: Browser,
  options: { width: number; height: number; colorScheme: "dark" | "light" },
): Promise<Page> {
  const { width, height, colorScheme } = options;
  const { url } = JSON.parse(xm("inspect", "--control", "--json")) as { url: string };
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  await page.goto(url);
  await wait(9_000);
  return page;
}

async function choose(page: Page, name: string): Promise<void> {
  await page
    .getByRole("option", { name: new RegExp(`^${name},`) })
    .first()
    .click();
}

async function take(page: Page, name: string): Promise<void> {
  const path = join(pictures, `inspector-${name}.png`);
  await page.screenshot({ path });
  process.stdout.write(`docs/pictures/inspector-${name}.png\n`);
}

function xm(...args: string[]): string {
  const env = { ...process.env, XM_HOME: home };
  return execFileSync(process.execPath, [join(root, "dist/bin/xm.cjs"), ...args], {
    env,
    encoding: "utf8",
  });
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
