import type { AppSpec } from "../../../machines/spec.ts";
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import {
  linkVersion,
  preloadVariable,
  type PreloadOptions,
} from "../../contract/app-link/protocol.ts";
import { commandInFront, isNode } from "../../host/node-program.ts";
import type { Speech } from "../app-links/peer.ts";
import type { ChildServices, Launch } from "./contract.ts";

/** What is added to the start of a program so that it can be talked to. */
export interface LinkAddition {
  readonly env: Readonly<Record<string, string>>;
  /** How it speaks over a descriptor it inherits; `undefined` when it gets none. */
  readonly channel: Speech | undefined;
}

/** The descriptor that a child inherits as its line to God. */
export const channelDescriptor = 3;

type Services = Pick<ChildServices, "preload" | "linkSocket" | "exits">;

/**
 * Every program of fork mode can be talked to. A Node app gets the preload, by `NODE_OPTIONS` and not by an argument, so
 * that it is invisible in `process.execArgv` and in the list of processes, and so that a Node app behind a command gets it
 * too. It talks to God's socket, and over an inherited line when its user cannot reach that one. Any other program gets
 * what PM2 gives it, a channel of Node's kind (`NODE_CHANNEL_FD`), which ends with this daemon.
 */
export function forkAddition(launch: Launch, services: Services): LinkAddition {
  const { spec } = launch;
  const isDirect = isNode(spec.interpreter ?? spec.script);
  const isOwnUser = isOfOwnUser(launch);
  const hasPreload = isPreloaded(launch, services);
  // Node's watcher runs without a preload, and passes messages on to the app as long as it has a channel.
  const isAlone =
    !hasPreload || !isDirect || wordsToNode(launch).some((word) => word.startsWith("--watch"));
  const channel: Speech | undefined = isAlone ? "node" : isOwnUser ? undefined : "link";
  return {
    channel,
    env: {
      ...(hasPreload &&
        preloadEnvironment(launch, services, {
          socket: isOwnUser ? services.linkSocket : null,
          fd: channel === "link" ? channelDescriptor : null,
          hasGodsChannel: channel === "node" && !isDirect,
        })),
      ...(channel === "node" && {
        NODE_CHANNEL_FD: String(channelDescriptor),
        NODE_CHANNEL_SERIALIZATION_MODE: "json",
      }),
    },
  };
}

/** Whether a program of fork mode makes its line to God itself, with the next daemon too; any other has the one it inherits. */
export function connectsItself(launch: Launch, services: Pick<Services, "preload">): boolean {
  return isOfOwnUser(launch) && isPreloaded(launch, services);
}

function isPreloaded(launch: Launch, { preload }: Pick<Services, "preload">): boolean {
  const { spec } = launch;
  const isOwnUser = isOfOwnUser(launch);
  return isNode(spec.interpreter ?? spec.script)
    ? mayLoad(launch) && (isOwnUser || isReadableByAll(preload))
    : isOwnUser && commandInFront(spec) !== undefined && mayPassOn(preload);
}

function isOfOwnUser({ spec }: Launch): boolean {
  return spec.uid === null && spec.gid === null;
}

/** A worker gets the preload, unless its user cannot read it. It talks over its balancer's channel. */
export function workerAddition(
  launch: Launch,
  services: Services,
): Readonly<Record<string, string>> {
  const isOwnUser = launch.spec.uid === null && launch.spec.gid === null;
  if (!mayLoad(launch) || (!isOwnUser && !isReadableByAll(services.preload))) return {};
  return preloadEnvironment(launch, services, { socket: null, fd: null, hasGodsChannel: false });
}

function preloadEnvironment(
  { spec, lifeId }: Launch,
  { preload, exits }: Services,
  line: Pick<PreloadOptions, "socket" | "fd" | "hasGodsChannel">,
): Record<string, string> {
  const nodeOptions = `--require "${preload.replaceAll(/["\\]/g, "\\$&")}"`;
  const options: PreloadOptions = {
    v: linkVersion,
    life: lifeId,
    ...line,
    nodeOptions,
    parent: process.pid,
    isWorker: spec.mode === "cluster",
    exits,
    drain: spec.policy.drain,
    heartbeatMs: spec.sensors.heartbeatMs ?? askedHeartbeatMs(spec),
    measuresLoop: spec.policy.probes?.liveness?.check.kind === "loop",
    sourceMaps: spec.sourceMaps ?? existsSync(`${spec.script}.map`),
    isSticky: spec.mode === "cluster" && spec.scheduling === "sticky",
    reusesPort: spec.mode === "cluster" && spec.scheduling === "reuse-port",
  };
  const own = spec.env["NODE_OPTIONS"];
  return {
    NODE_OPTIONS: own === undefined || own === "" ? nodeOptions : `${nodeOptions} ${own}`,
    [preloadVariable]: JSON.stringify(options),
  };
}

/** Under Node's permission model an app may not read a file of ours, and would die of it. */
function mayLoad(launch: Launch): boolean {
  return !wordsToNode(launch).some((word) => /^--(?:experimental-)?permission$/.test(word));
}

/** What Node itself reads: its arguments, and the variable. */
function wordsToNode({ spec }: Launch): string[] {
  const own = spec.interpreter === null ? spec.args : spec.interpreterArgs;
  return [...own, ...(spec.env["NODE_OPTIONS"] ?? "").split(/\s+/)];
}

/** What a command of root's starts may run as somebody else, for whom a file that is not readable is fatal. */
function mayPassOn(preload: string): boolean {
  return process.getuid?.() !== 0 || isReadableByAll(preload);
}

/** Whether any user can read a file: every folder on the way can be entered. */
function isReadableByAll(file: string): boolean {
  if ((statSync(file).mode & 0o004) === 0) return false;
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
  }
  return true;
}

/** A liveness probe that counts beats needs them. */
function askedHeartbeatMs({ policy }: AppSpec): number | null {
  const liveness = policy.probes?.liveness ?? null;
  return liveness?.check.kind === "heartbeat" ? liveness.periodMs : null;
}
