import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { plain, plainLines } from "../../runtime/contract/plain.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import type {
  Client,
  FollowRequest,
  LogLine,
  RunCall,
  RunLine,
} from "../../runtime/client/connection/types.ts";
import { xmCommand } from "../call/command.ts";
import { globals } from "../call/globals.ts";
import { jobMeant } from "../apps/job-meant.ts";
import { quoted } from "../render/last-words.ts";
import { paint } from "../render/colors.ts";
import { writeRaw } from "../render/terminal.ts";

export default xmCommand({
  name: "run",
  description:
    "Runs a job (type: oneshot), shows its output, and exits with its exit code; Ctrl-C stops it",
  args: {
    target: {
      type: "positional",
      description:
        "name or id of a job, or an ecosystem file; a name that is not known is looked up in ./ecosystem.config.*",
      required: false,
    },
    only: { type: "string", description: "App of the file", valueHint: "NAME" },
    env: { type: "string", description: "Layer env_NAME of the file over env", valueHint: "NAME" },
  },
  takesRest: true,
  run: async ({ args, data }) => {
    const client = connect();
    const { id, name, settings } = await jobMeant(client, args._, {
      only: args.only,
      environment: args.env,
    });
    const call: RunCall = {
      id,
      name,
      by: "`xm run`",
      ...(data.rest.length > 0 ? { args: data.rest } : {}),
      ...(settings === undefined ? {} : { settings: [settings] }),
    };
    const last = await follow(client, call);
    process.exitCode = codeOf(last);
    if (process.exitCode !== 0 && !globals.isSilent) tellEnd(name, id, last);
  },
});

/** Shows what a run writes, and stops it when this call is to end. */
async function follow(client: Client, call: RunCall): Promise<RunLine> {
  const { id, name } = call;
  const output = outputOf(id);
  let isAsked = false;
  const stop = (signal: NodeJS.Signals): void => {
    // The second time, its end is no longer waited for.
    if (isAsked) process.exit(128 + constants.signals[signal]);
    isAsked = true;
    void stopRun(client, id);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    let last: RunLine | undefined;
    for await (const line of client.run(call)) {
      last = line;
      if (line.step === "pending" && !globals.isSilent)
        process.stderr.write(paint("grey", `${plain(name)} waits for ${plain(line.sentence)}\n`));
      if (line.step === "ended") await output.upTo(line.logs);
      else output.begin(line.logs);
    }
    if (last === undefined) throw new Error("can't happen: a run tells how it ended");
    return last;
  } finally {
    output.end();
    for (const signal of signals) process.off(signal, stop);
  }
}

async function stopRun(client: Client, id: number): Promise<void> {
  try {
    for await (const _ of client.act({ action: "stop", ids: [id], by: "`xm run` (interrupted)" }));
  } catch (error) {
    process.stderr.write(`xm: it was not stopped: ${plainLines((error as Error).message)}\n`);
  }
}

/** What is written after the end of a run and before its last line came; ms without another line. */
const quietForMs = 1_000;

/** The output of a process, from a position on. */
function outputOf(id: number) {
  // What is not there any more is not started for its logs.
  const client = connect({ autostart: false });
  const abort = new AbortController();
  const seen = new Map<string, LogLine["position"]>();
  let heard: (() => void) | undefined;
  let isBegun = false;
  const read = async (): Promise<void> => {
    const from = Object.fromEntries([...seen].filter(([, position]) => position !== null));
    const streams = ["out" as const, "err" as const];
    const query = { ids: [id], later: null, daemon: false, lines: 0, follow: true, streams, from };
    for await (const { stream, line, file, position } of client.followLogs(
      query as FollowRequest,
      abort.signal,
    )) {
      writeRaw(stream === "out" ? process.stdout : process.stderr, `${line}\n`);
      seen.set(file, position);
      heard?.();
    }
  };
  /** A daemon that leaves ends the stream; the next one goes on with it. */
  const readOn = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      await read().catch(() => {});
      if (!abort.signal.aborted) await sleep(100);
    }
  };
  return {
    begin: (logs: RunLine["logs"]): void => {
      if (isBegun) return;
      isBegun = true;
      for (const [path, position] of Object.entries(logs)) seen.set(path, position);
      void readOn();
    },
    /** Resolves when all of it was shown, or nothing more comes. */
    upTo: async (logs: RunLine["logs"]): Promise<void> => {
      const isShown = (): boolean =>
        Object.entries(logs).every(([path, { inode, bytes }]) => {
          const at = seen.get(path);
          return bytes === 0 || (at?.inode === inode && at.bytes >= bytes);
        });
      if (!isBegun) return;
      while (!isShown()) {
        const isNew = await new Promise<boolean>((resolve) => {
          const timer = setTimeout(() => resolve(false), quietForMs);
          heard = () => {
            clearTimeout(timer);
            resolve(true);
          };
        });
        if (!isNew) return;
      }
    },
    end: (): void => abort.abort(),
  };
}

/** The program's own exit code; as a shell says it, 128 and the number of a signal, 126 for what could not be run. */
function codeOf({ status, exit, failure }: RunLine): number {
  if (failure !== null) return failure.code === "ERR_DEPENDENCY_LOST" ? 1 : 126;
  if (exit === null) return status === "completed" ? 0 : 1;
  if (exit.signal !== null) return 128 + (constants.signals[exit.signal as NodeJS.Signals] ?? 0);
  // As timeout(1): a run that was ended for its time has not done its work, whatever it says.
  if (exit.code === 0 && exit.verdict?.probe === "runTimeout") return 124;
  return exit.code ?? (status === "completed" ? 0 : 1);
}

function tellEnd(name: string, id: number, { failure, exit, sentence }: RunLine): void {
  const why = failure?.message ?? sentence;
  const what = `${paint("red", "xm")}: ${plain(name)} (${id}): ${plainLines(why)}`;
  // What it wrote itself was shown.
  const words = failure === null ? [] : quoted(exit?.lastWords ?? []);
  process.stderr.write(`${[what, ...words].join("\n")}\n`);
}
