import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { evaluator } from "./_evaluator.ts";
import { runsTypeScript } from "./interpreter.ts";

/** How long a configuration program may take, in ms; `XM_CONFIG_TIMEOUT` says otherwise. */
const usualLimitMs = 10_000;

/**
 * Evaluates a configuration program (`.js`, `.ts` …) and gives its value as JSON.
 *
 * It runs in a thread of the caller's process, never in the daemon. The thread is ended at the time limit, an
 * endless loop included, and has a heap of its own: a program that fills it does not take the caller with it.
 * It protects from mistakes, not from malice: the program may do whatever its user may.
 */
export async function evaluate(file: string): Promise<string> {
  const limitMs = Number(process.env["XM_CONFIG_TIMEOUT"]) || usualLimitMs;
  const tsx = /\.[cm]?ts$/.test(file) && !runsTypeScript() ? tsxBeside(file) : null;
  const worker = new Worker(evaluator, {
    eval: true,
    // Programs look at the words of the call to choose between settings.
    argv: process.argv.slice(2),
    workerData: { file, tsx },
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      worker.once("message", (told: { json: string } | { why: string }) => {
        if ("json" in told) resolve(told.json);
        else reject(new Error(told.why));
      });
      worker.once("error", reject);
      worker.once("exit", (code) => {
        reject(new Error(`it ended the process with code ${code} before it gave a value`));
      });
      timer = setTimeout(() => {
        reject(new Error(`it has not ended within ${limitMs} ms and was stopped`));
      }, limitMs);
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

/** The app's own `tsx`, found from its configuration file; its module, whose other form finds no loader in a thread. */
function tsxBeside(file: string): string {
  try {
    const manifest = createRequire(file).resolve("tsx/package.json");
    return pathToFileURL(join(dirname(manifest), "dist/esm/api/index.mjs")).href;
  } catch (error) {
    throw new Error(
      `Node ${process.version} does not run TypeScript by itself: install \`tsx\` beside it, or use Node 22.18 or newer`,
      { cause: error },
    );
  }
}
