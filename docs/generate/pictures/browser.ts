import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

/** Where Debian and others have it. */
const programs = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/snap/bin/chromium",
];

/** Nothing of a browser's own may go out. */
const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** @throws when there is no Chromium, with how to get one. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = process.env["XM_CHROMIUM"] ?? programs.find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new Error(
      `no Chromium: looked for ${programs.join(", ")}; install it (Debian: \`apt-get install chromium\`) or name it in XM_CHROMIUM`,
    );
  }
  return chromium.launch({ executablePath, args });
}
