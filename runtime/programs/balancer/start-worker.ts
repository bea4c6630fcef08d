import cluster, { type Worker } from "node:cluster";
import { closeSync, openSync, statSync } from "node:fs";
import { openLog, ownStream } from "../../host/log-files/open.ts";
import { withUmask } from "../../host/umask.ts";
import type { WorkerCommand } from "../../contract/balancer.ts";
import { switchFor } from "../../contract/node-permissions.ts";
import { inspectPort } from "./inspect-port.ts";

type Stream = "stdout" | "stderr";

/**
 * Forks a worker with its log files as its output.
 * @param unwritable told of a file that cannot be opened, where the worker may run without.
 * @throws what the kernel says, or that of a log file which cannot be opened.
 */
export function startWorker(
  command: WorkerCommand,
  unwritable: (stream: Stream, why: string) => void,
): Worker {
  const { script, args, cwd, env, umask, mayLoseOutput = false } = command;
  const inspect = inspectPort([...command.execArgv, env["NODE_OPTIONS"] ?? ""]);
  const execArgv = [
    ...permitted(command),
    ...command.execArgv,
    ...(inspect === undefined ? [] : [`--inspect-port=${inspect.port}`]),
  ];
  const descriptors: number[] = [];
  const open = (path: string | null, stream: Stream): number | "ignore" => {
    if (path === null) return "ignore";
    const own = ownStream(path);
    if (own !== undefined) return own;
    try {
      // A pipe of the log lane is held open for reading too: a worker never writes to one without a reader.
      const isPipe = statSync(path, { throwIfNoEntry: false })?.isFIFO() ?? false;
      const descriptor = isPipe ? openSync(path, "r+") : openLog(path, { umask });
      descriptors.push(descriptor);
      return descriptor;
    } catch (error) {
      const why = (error as Error).message;
      if (!mayLoseOutput) {
        throw Object.assign(new Error(`${path} cannot be written: ${why}`), {
          code: "ERR_LOG_UNWRITABLE",
        });
      }
      unwritable(stream, why);
      return "ignore";
    }
  };
  try {
    cluster.setupPrimary({
      exec: script,
      args: [...args],
      execArgv,
      cwd,
      // Or Node appends another one.
      ...(inspect === undefined ? {} : { inspectPort: inspect.port }),
      stdio: ["ignore", open(command.out, "stdout"), open(command.error, "stderr"), "ipc"],
    });
    const worker = withUmask(umask, () => cluster.fork(env));
    worker.process.once("exit", () => inspect?.release());
    return worker;
  } catch (error) {
    inspect?.release();
    throw error;
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

/** @throws for a Node without permissions: the worker would run without them. */
function permitted({ permissions }: WorkerCommand): string[] {
  if (permissions === undefined) return [];
  const words = switchFor(process.versions.node);
  if (words === undefined)
    throw new Error(`node_permissions need Node 20 or newer, and this is ${process.version}`);
  return [...words, ...permissions];
}
