import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { AppSpec } from "../machines/spec.ts";
import {
  loadEcosystem,
  normalizeApps,
  parseEcosystem,
  type RawApp,
} from "../runtime/config/index.ts";
import { xmError } from "../runtime/errors.ts";
import { homePaths, resolveHome } from "../runtime/home/paths.ts";

export interface ReadOptions {
  /** `--env NAME` */
  readonly environment?: string | undefined;
  /** `--only NAME,NAME` */
  readonly only?: string | undefined;
  /** Fields given as flags; they win over the file's. */
  readonly overrides?: RawApp;
}

/** The apps of an ecosystem file, or of stdin for `-`. */
export async function readApps(target: string, options: ReadOptions): Promise<AppSpec[]> {
  const file = resolve(target);
  const isInput = target === "-";
  const raw = isInput
    ? await parseEcosystem(await readInput(), "stdin")
    : await loadEcosystem(file);
  const wanted = options.only?.split(",");
  const chosen = raw.filter((app) => wanted === undefined || wanted.includes(String(app["name"])));
  if (chosen.length === 0) {
    throw xmError("ERR_USAGE", {
      what: `${target} has no app ${options.only ?? ""}`,
      fix: "check the names in it",
    });
  }
  return normalizeApps(
    chosen.map((app) => ({ ...app, ...options.overrides })),
    {
      home: homePaths(resolveHome(process.env)),
      base: isInput ? process.cwd() : dirname(file),
      caller: process.env,
      environment: options.environment,
      source: isInput ? "stdin" : file,
    },
  );
}

/** Loaded when it is needed: web streams come with it. */
async function readInput(): Promise<string> {
  const { text } = await import("node:stream/consumers");
  return text(process.stdin);
}

/** One app from a script or a command, and flags. */
export function readScript(raw: RawApp, options: ReadOptions): Promise<AppSpec[]> {
  return normalizeApps([raw], {
    home: homePaths(resolveHome(process.env)),
    base: process.cwd(),
    caller: process.env,
    environment: options.environment,
    source: "the command line",
  });
}

/** Whether a word can be something to run: a file, or a command line. */
export function isFile(word: string): boolean {
  return existsSync(resolve(word));
}
