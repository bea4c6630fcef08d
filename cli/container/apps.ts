import { resolve } from "node:path";
import type { AppSpec } from "../../machines/spec.ts";
import { isEcosystemFile } from "../../runtime/client/config/load.ts";
import { readFields } from "../../runtime/client/config/read-fields.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import type { RawApp } from "../../runtime/contract/fields/raw-app.ts";
import type { CgroupLimits } from "../../runtime/host/cgroup.ts";
import { isNode } from "../../runtime/host/node-program.ts";
import { isFile, readApps, readScript, usualFile } from "../apps/read-apps.ts";

export interface ContainerApps {
  readonly words: readonly string[];
  /** Fields given as flags. */
  readonly fields: RawApp;
  readonly environment: string | undefined;
  readonly only: string | undefined;
  readonly profile: string | undefined;
  readonly logType: string | undefined;
  /** The signal that apps are asked to end by which name none. */
  readonly stopSignal: string | undefined;
  readonly limits: CgroupLimits;
  readonly processors: number;
}

/** The apps of a container: what its command names, with the output and the limits that the container has. */
export async function readContainerApps(options: ContainerApps): Promise<AppSpec[]> {
  const { fields, environment, only, profile, limits, processors } = options;
  const usual = usualFile();
  const words = options.words.length === 0 && usual !== undefined ? [usual] : options.words;
  if (words.length === 0) {
    throw xmError("ERR_USAGE", {
      what: "nothing to start",
      fix: "name a script or an ecosystem file: `xm-runtime server.js`",
    });
  }
  const complete = (app: RawApp): RawApp => withDefaults(app, options);
  const reading = { environment, only, profile, processors, complete };
  const specs: AppSpec[] = [];
  for (const word of words) {
    const isConfiguration = word === "-" || (isEcosystemFile(word) && isFile(resolve(word)));
    specs.push(
      ...(isConfiguration
        ? await readApps(word, { ...reading, overrides: fields })
        : await readScript({ ...fields, script: word }, reading)),
    );
  }
  return withHeapLimits(specs, limits.memoryBytes);
}

/** Defaults for an app: its lines go to the container's output, and it gets the signal that the container got. */
function withDefaults(raw: RawApp, { environment, logType, stopSignal }: ContainerApps): RawApp {
  const { app } = readFields(raw, "", environment);
  const added: Record<string, unknown> = {};
  const hasFiles = ["out_file", "error_file", "log_file"].some((name) => app[name] !== undefined);
  if (app["disable_logs"] !== true) {
    if (hasFiles) added["log_file"] = app["log_file"] ?? "/dev/stdout";
    else Object.assign(added, { out_file: "/dev/stdout", error_file: "/dev/stderr" });
    if (logType !== undefined) added["log_type"] = logType;
  }
  if (stopSignal !== undefined && app["kill_signal"] === undefined) {
    added["kill_signal"] = stopSignal;
  }
  return { ...raw, ...added };
}

/** Of the container's memory, what the heaps of all its apps together may have; the rest is for buffers, stacks and code. */
const heapShare = 0.75;

const mebibyte = 1024 * 1024;

/**
 * Node sizes its heap by the machine's memory and is then killed by the container's limit, without a word. A heap with a
 * limit ends with a message. An app's own settings stay.
 */
export function withHeapLimits(specs: readonly AppSpec[], memoryBytes: number | null): AppSpec[] {
  if (memoryBytes === null) return [...specs];
  const wanted = specs.filter(isNodeApp);
  const processes = wanted.reduce((sum, { instances }) => sum + instances, 0);
  const mebibytes = Math.floor((memoryBytes * heapShare) / Math.max(1, processes) / mebibyte);
  if (mebibytes < leastHeap) return [...specs];
  return specs.map((spec) =>
    isNodeApp(spec) && !saysHeap(spec)
      ? {
          ...spec,
          interpreterArgs: [...spec.interpreterArgs, `--max-old-space-size=${mebibytes}`],
        }
      : spec,
  );
}

/** Below this Node does not start, and nothing would name the limit as the cause; MiB. */
const leastHeap = 16;

function isNodeApp({ interpreter }: AppSpec): boolean {
  return isNode(interpreter);
}

function saysHeap({ interpreterArgs, env }: AppSpec): boolean {
  const words = [...interpreterArgs, ...(env["NODE_OPTIONS"] ?? "").split(/\s+/)];
  return words.some((word) => /^--max[-_](?:old[-_]space|heap)[-_]size/.test(word));
}
