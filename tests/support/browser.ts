import type { Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { launchBrowser } from "../../docs/generate/pictures/browser.ts";
import type { TestHome } from "./home.ts";

export interface OpenPage {
  readonly page: Page;
  /** Whatever was asked for that is not of 127.0.0.1. */
  readonly foreign: readonly string[];
  /** Errors of the console and of the page's own programs. */
  readonly errors: readonly string[];
}

/** Opens the inspector of a home in a browser of its own. */
export async function openPage(
  home: TestHome,
  options: {
    readonly control?: boolean;
    readonly width?: number;
    readonly height?: number;
    readonly scheme?: "dark" | "light";
    readonly motion?: "reduce" | "no-preference";
    /** Looks at the page before it is opened. */
    readonly before?: (page: Page) => Promise<unknown>;
  } = {},
): Promise<OpenPage> {
  const { control = false, width = 1_280, height = 800, scheme = "dark", before } = options;
  const told = await home.ok("inspect", "--json", ...(control ? ["--control"] : []));
  const { url } = JSON.parse(told) as { url: string };
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: options.motion ?? "no-preference",
  });
  const page = await context.newPage();
  const foreign: string[] = [];
  const errors: string[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).hostname !== "127.0.0.1") foreign.push(request.url());
  });
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  await before?.(page);
  await page.goto(url);
  return { page, foreign, errors };
}
