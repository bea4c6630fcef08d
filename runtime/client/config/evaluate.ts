import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { evaluator } from "./_evaluator.ts";
import { oddMark } from "./odd-values.ts";
import { runsTypeScript } from "./interpreter.ts";

/** How long a configuration program may take, in ms; `XM_CONFIG_TIMEOUT` says otherwise. */
const usualLimitMs = 10_000;

/** What came of evaluating a configuration. */
export interface Evaluated {
  /** Its value. */
  readonly json: string;
  /** What it changed of `process.env`; `null` for a variable that it removed. */
  readonly variables: Readonly<Record<string, string | null>>;
}

/**
 * Evaluates a configuration program (`.js`, `.ts` …), or a text that is an expression of JavaScript, as PM2 reads a
 * `.json` file.
 *
 * It runs in a thread of the caller's process, never in the daemon. The thread is ended at the time limit, an
 * endless loop included, and has a heap of its own: a program that fills it does not take the caller with it.
 * It protects from mistakes, not from malice: the program may do whatever its user may.
 */
export async function evaluate(file: string, expression?: string): Promise<Evaluated> {
  const limitMs = Number(process.env["XM_CONFIG_TIMEOUT"]) || usualLimitMs;
  const isTypeScript = expression === undefined && /\.[cm]?ts$/.test(file);
  const tsx = isTypeScript && !runsTypeScript() ? tsxBeside(file) : null;
  const worker = new Worker(evaluator, {
    eval: true,
    // Programs look at the words of the call to choose between settings.
    argv: process.argv.slice(2),
    workerData: { file, tsx, oddMark, expression: expression ?? null },
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      worker.once("message", (told: Evaluated | { why: string }) => {
        if ("json" in told) resolve(told);
        else reject(new Error(told.why));
      });
      worker.once("error", reject);
      worker.once("exit", (code) => {
        reject(new Error(`it ended the process with code ${code} before it returned a value`));
      });
      timer = setTimeout(() => {
        reject(new Error(`it did not finish within ${limitMs} ms and was stopped`));
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
