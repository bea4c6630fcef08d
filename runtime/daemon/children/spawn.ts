import { spawn, type ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import type { ChildFact } from "../../../machines/facts.ts";
import { openOutputs, type Outputs } from "./outputs.ts";
import { readProcess } from "../../host/procfs.ts";
import { resolveIdentity } from "../../host/users.ts";
import { channelCommand, type Up } from "../../contract/app-link/protocol.ts";
import type { Talk } from "../app-links/server.ts";
import type { ChildEvents, ChildServices, Launch } from "./contract.ts";
import { childEnvironment } from "./environment.ts";
import { nodeAddition } from "./node-app.ts";
import { failureFrom, preflight, type SpawnFailure } from "./failure.ts";
import { writePidFile } from "./pid-file.ts";
import { openStdin } from "./stdin.ts";
import { isNode } from "../../host/node.ts";

/** A child of ours, reduced to what its life needs. */
export interface StartedChild {
  readonly fact: ChildFact;
  onExit(listener: (code: number | null, signal: string | null) => void): void;
  /** Over a channel of its own, which ends with this daemon; most talk to the daemon's socket. */
  readonly talk: Talk | undefined;
  release(): void;
}

/**
 * Starts the program: its own session and process group, an argument array, no shell, its output straight into
 * its log files. A failure is told asynchronously, whatever finds it.
 */
export function startChild(
  launch: Launch,
  events: ChildEvents,
  services: ChildServices,
): StartedChild | undefined {
  const { spec, lifeId } = launch;
  const env = childEnvironment(launch);
  const fail = (failure: SpawnFailure): undefined => {
    setImmediate(() => events.failed(failure));
    return undefined;
  };
  const fault = preflight(spec, env);
  if (fault !== undefined) return fail(fault);
  const identity = resolveIdentity(spec.uid, spec.gid);
  if (typeof identity === "string") {
    return fail({ at: Date.now(), code: "ERR_CANNOT_SPAWN", message: identity, transient: false });
  }

  let outputs: Outputs | undefined;
  let input: number | "ignore" = "ignore";
  try {
    outputs = openOutputs(launch, services.lane, events);
    input = openStdin(services.stdin, launch.id) ?? "ignore";
    const hasChannel = needsChannel(launch);
    const addition = nodeAddition(launch, services, hasChannel ? "own" : "socket");
    const [command = "", ...args] = commandLine(launch, addition.args);
    const child = spawn(command, args, {
      cwd: spec.cwd,
      env: { ...env, ...addition.env },
      detached: true,
      stdio: [input, outputs.out, outputs.error, ...(hasChannel ? ["ipc" as const] : [])],
      ...identity,
    });
    const { pid } = child;
    if (pid === undefined) {
      child.once("error", (spawnError) => events.failed(failureFrom(spawnError, spec)));
      return undefined;
    }
    if (hasChannel) listen(child, events);
    // The child of a fork is there before the call returns; only one that has ended and been reaped is not.
    const startTicks = readProcess(pid)?.startTicks ?? 0;
    writePidFile(launch.pidFile, pid);
    return startedChild(child, { pid, startTicks, lifeId, at: Date.now() });
  } catch (cause) {
    return fail(failureFrom(cause, spec));
  } finally {
    outputs?.close();
    if (input !== "ignore") closeSync(input);
  }
}

function startedChild(child: ChildProcess, fact: ChildFact): StartedChild {
  return {
    fact,
    onExit: (listener) => {
      child.once("exit", listener);
      // A failed write to a closed channel, or a failed kill: the exit tells what matters.
      child.on("error", () => {});
    },
    talk: child.channel ? talkOver(child) : undefined,
    release: () => {
      child.removeAllListeners("exit");
      child.unref();
      if (child.connected) child.disconnect();
    },
  };
}

function commandLine({ spec }: Launch, added: readonly string[]): string[] {
  const { interpreter, interpreterArgs, script, args } = spec;
  return interpreter === null
    ? [script, ...args]
    : [interpreter, ...added, ...interpreterArgs, script, ...args];
}

/** Another user's app cannot reach the socket in this user's home. A channel costs memory and ends with the daemon. */
function needsChannel({ spec }: Launch): boolean {
  return isNode(spec.interpreter) && (spec.uid !== null || spec.gid !== null);
}

function listen(child: ChildProcess, events: ChildEvents): void {
  child.on("message", (data) => events.told({ type: "message", data }));
  child.on("internalMessage", (packet: { cmd?: string; message?: Up }) => {
    if (packet.cmd === channelCommand && packet.message) events.told(packet.message);
  });
}

function talkOver(child: ChildProcess): Talk {
  const tell: Talk["tell"] = (message) => {
    if (!child.connected) return false;
    return child.send(
      message.type === "message" ? (message.data as object) : { cmd: channelCommand, message },
    );
  };
  // Node keeps what comes before the app listens.
  return { tell, post: (data) => tell({ type: "message", data }), release: () => {} };
}
