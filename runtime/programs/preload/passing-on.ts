import { realpathSync } from "node:fs";
import { preloadVariable, type PreloadOptions } from "../../contract/app-link/protocol.ts";

/*
 * Which of a tree's Node programs is the app. An app's own children must not get the preload, so an app takes out of the
 * environment what brought it. A tool (`npm`, `tsx`, `cross-env`) is a command in front of the app, which gets it by the
 * environment that the tool hands on; but a tool may also be the app (`next start`), which shows when it serves.
 */

/** Takes the preload out of the environment: of what this process starts from now on nothing gets it. */
export function keepToOneself({ nodeOptions }: PreloadOptions): void {
  delete process.env[preloadVariable];
  const own = process.env["NODE_OPTIONS"];
  if (own === nodeOptions) delete process.env["NODE_OPTIONS"];
  else if (own?.startsWith(`${nodeOptions} `) === true) {
    process.env["NODE_OPTIONS"] = own.slice(nodeOptions.length + 1);
  }
}

/** Whether the script belongs to a tool: to an installed package, and not to the app. */
export function isTool(script: string | undefined): boolean {
  if (script === undefined) return false;
  if (toolFile.test(script)) return true;
  try {
    return toolFile.test(realpathSync.native(script));
  } catch {
    // `node -e`, or a file that is not there.
    return false;
  }
}

/** Tools come from `node_modules`; of those that do not, the package managers are met. */
const toolFile =
  /\/node_modules\/|\/corepack\/|\/\.yarn\/releases\/|\/bin\/(?:yarn|pnpm|npm|npx|corepack)(?:\.[cm]?js)?$/;

/** What a child is started with; `envPairs` are `NAME=value`. Not documented, and the same since Node 0.12. */
interface SpawnOptions {
  envPairs?: string[];
}

/**
 * A tool hands the preload on. One that sets `NODE_OPTIONS` for what it starts (`cross-env`) would lose it on the way.
 */
export function passOn(options: PreloadOptions): void {
  const { ChildProcess } = require("node:child_process") as typeof import("node:child_process");
  const prototype = ChildProcess.prototype as unknown as {
    spawn(this: object, options: SpawnOptions): unknown;
  };
  // oxlint-disable-next-line typescript/unbound-method -- called with the child it is called on
  const { spawn } = prototype;
  prototype.spawn = function spawnWithPreload(spawnOptions) {
    restoreIn(spawnOptions.envPairs ?? [], options);
    return spawn.call(this, spawnOptions);
  };
}

function restoreIn(pairs: string[], { nodeOptions }: PreloadOptions): void {
  if (!pairs.some((pair) => pair.startsWith(`${preloadVariable}=`))) return;
  const name = "NODE_OPTIONS=";
  const at = pairs.findIndex((pair) => pair.startsWith(name));
  if (at < 0) pairs.push(`${name}${nodeOptions}`);
  else if (!(pairs[at] as string).includes(nodeOptions)) {
    pairs[at] = `${name}${nodeOptions} ${(pairs[at] as string).slice(name.length)}`;
  }
}

/** A thread of a tool has its environment, and is not a process. */
export function isThread(): boolean {
  const { isMainThread } = require("node:worker_threads") as typeof import("node:worker_threads");
  return !isMainThread;
}
