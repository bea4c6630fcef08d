import { spawn, type ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import { dirname } from "node:path";
import type { Socket } from "node:net";
import type { ChildFact } from "../../../machines/facts.ts";
import { openOutputs, type Outputs } from "./outputs.ts";
import { readProcess } from "../../host/procfs.ts";
import { withUmask } from "../../host/umask.ts";
import { confined } from "../../host/confine.ts";
import { resolveIdentity } from "../../host/users.ts";
import type { ChildEvents, ChildServices, Launch } from "./contract.ts";
import { childEnvironment } from "./environment.ts";
import { channelDescriptor, forkAddition } from "./node-app.ts";
import { commandLine } from "./permitted.ts";
import { failureFrom, preflight, type SpawnFailure } from "./failure.ts";
import { writePidFile } from "./pid-file.ts";
import { openStdin } from "./stdin.ts";
import { steadyNow } from "../../host/clock.ts";

/** A child of ours, reduced to what its life needs. */
export interface StartedChild {
  readonly fact: ChildFact;
  /** The cgroup that it enters, if it has one of its own. */
  readonly group: string | undefined;
  onExit(listener: (code: number | null, signal: string | null) => void): void;
  release(): void;
}

/** A group for each life: nothing of an earlier one counts in it. */
export function groupName(id: number, lifeId: string): string {
  return `${id}-${lifeId}`;
}

/**
 * Starts the program: its own session and process group, an argument array, no shell, its output straight into
 * its log files. A failure is always reported asynchronously.
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
    return fail({ at: steadyNow(), code: "ERR_CANNOT_SPAWN", message: identity, transient: false });
  }

  let group: string | undefined;
  let outputs: Outputs | undefined;
  let input: number | "ignore" = "ignore";
  try {
    outputs = openOutputs(launch, services, events);
    input = openStdin(services.stdin, launch) ?? "ignore";
    const { env: added, channel } = forkAddition(launch, services);
    if (spec.confinement?.cgroup !== undefined)
      group = services.groups.make(groupName(launch.id, lifeId), spec.confinement.cgroup);
    const [command = "", ...args] = commandLine(launch, services);
    const {
      command: first,
      args: rest,
      ...rights
    } = confined(
      spec.confinement,
      identity,
      { command, args, env: { ...env, ...added } },
      [launch.home, spec.cwd, dirname(spec.script), dirname(services.preload)],
      group,
    );
    // Never Node's own `ipc`: Node would read what the child writes inside this process, and die of it.
    const own = channel === undefined ? [] : ["pipe" as const];
    const stdio = [input, outputs.out, outputs.error, ...own];
    const child = withUmask(spec.umask, () =>
      spawn(first, rest, {
        cwd: spec.cwd,
        detached: true,
        stdio,
        ...rights,
      }),
    );
    const { pid } = child;
    if (pid === undefined) {
      if (group !== undefined) services.groups.remove(group);
      child.once("error", (spawnError) => events.failed(failureFrom(spawnError, spec)));
      return undefined;
    }
    if (channel !== undefined) {
      services.links.inherit(lifeId, child.stdio[channelDescriptor] as Socket, channel);
    }
    // The child of a fork is there before the call returns; only one that has ended and been reaped is not.
    const startTicks = readProcess(pid)?.startTicks ?? 0;
    const fault = writePidFile(launch, pid);
    if (fault !== undefined)
      services.complain(`${launch.id} pid file`, `${spec.name} (${launch.id}): ${fault}`);
    return startedChild(child, { pid, startTicks, lifeId, at: steadyNow() }, group);
  } catch (cause) {
    if (group !== undefined) services.groups.remove(group);
    return fail(failureFrom(cause, spec));
  } finally {
    outputs?.close();
    if (input !== "ignore") closeSync(input);
  }
}

function startedChild(
  child: ChildProcess,
  fact: ChildFact,
  group: string | undefined,
): StartedChild {
  return {
    fact,
    group,
    onExit: (listener) => {
      child.once("exit", listener);
      // A failed kill: the exit tells what matters.
      child.on("error", () => {});
    },
    release: () => {
      child.removeAllListeners("exit");
      child.unref();
    },
  };
}
