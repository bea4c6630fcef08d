import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import {
  linkVersion,
  preloadVariable,
  type PreloadOptions,
} from "../../contract/app-link/protocol.ts";
import type { ChildServices, Launch } from "./contract.ts";
import { isNode } from "../../host/node.ts";

/** What is added to the start of a Node app so that it can be talked to. */
export interface NodeAddition {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The preload for a Node app, and nothing for any other program, or for a user who cannot read it.
 * @param channel where it talks: to God's socket, or over the process's own channel (a worker, or another user's app).
 */
export function nodeAddition(
  launch: Launch,
  services: Pick<ChildServices, "preload" | "linkSocket" | "exits">,
  channel: "socket" | "own",
): NodeAddition {
  const { spec, lifeId } = launch;
  const isOwnUser = spec.uid === null && spec.gid === null;
  if (!isNode(spec.interpreter) || (!isOwnUser && !isReadableByAll(services.preload))) {
    return { args: [], env: {} };
  }
  const options: PreloadOptions = {
    v: linkVersion,
    life: lifeId,
    socket: channel === "socket" ? services.linkSocket : null,
    parent: process.pid,
    isWorker: spec.mode === "cluster",
    exits: services.exits,
    drain: spec.policy.drain,
    heartbeatMs: spec.sensors.heartbeatMs,
    sourceMaps: spec.sourceMaps ?? existsSync(`${spec.script}.map`),
    reusesPort: spec.mode === "cluster" && spec.scheduling === "reuse-port",
  };
  return {
    args: ["--require", services.preload],
    env: { [preloadVariable]: JSON.stringify(options) },
  };
}

/** Whether any user can read a file: every folder on the way can be entered. */
function isReadableByAll(file: string): boolean {
  if ((statSync(file).mode & 0o004) === 0) return false;
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
  }
  return true;
}
