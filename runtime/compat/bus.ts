import type { BusEvent, BusTopic } from "../contract/api/schemas.ts";
import { toPm2Process } from "./jlist.ts";

/** Something on PM2's bus: the channel's name, and what its listeners get. */
export interface Packet {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What happens in PM2's words: `process:event`, `log:out`, `process:msg` and so on. */
export function toPacket(event: BusEvent): Packet {
  switch (event.kind) {
    case "process": {
      const { at, event: name, isCommand: manually, process: detail } = event;
      const word = name === "overlimit" ? "restart overlimit" : name;
      const process = toPm2Process(detail).pm2_env;
      return { name: "process:event", data: { event: word, manually, process, at } };
    }
    case "message":
      return packetOfMessage(event);
    case "exception": {
      const { at, message, stack, error: name } = event;
      const data = { message, stack, name, ...placeIn(stack) };
      return { name: "process:exception", data: { at, data, process: whoOf(event) } };
    }
    case "log": {
      const { at, stream, line } = event;
      return { name: `log:${stream}`, data: { process: whoOf(event), at, data: `${line}\n` } };
    }
    case "daemon": {
      const process = { pm_id: "PM2", name: "PM2", rev: null };
      return { name: "log:PM2", data: { process, at: event.at, data: `${event.line}\n` } };
    }
    case "killed": {
      const msg = `the daemon was ended by ${event.by}`;
      return { name: "pm2:kill", data: { status: "killed", msg } };
    }
  }
}

/**
 * The topics that a pattern such as `log:*` needs of the daemon.
 * @param pattern a channel's name; `*` stands for any part of it.
 */
export function topicsOf(pattern: string): BusTopic[] {
  const topics: BusTopic[] = [];
  const matches = (name: string): boolean => patternOf(pattern).test(name);
  if (matches("process:event") || matches("pm2:kill")) topics.push("processes");
  if (matches("log:out") || matches("log:err")) topics.push("logs");
  if (matches("log:PM2")) topics.push("daemon");
  const isOther = topics.length === 0 || pattern.includes("*");
  if (isOther || matches("process:exception")) topics.push("messages");
  return topics;
}

/** A pattern with `*` as a regular expression; each group is what a `*` stands for. */
export function patternOf(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("(.*?)")}$`, "s");
}

/** A message with a type and data has a channel of its own; any other is `raw` on `process:msg`. */
function packetOfMessage(event: Extract<BusEvent, { kind: "message" }>): Packet {
  const { at, message } = event;
  const process = whoOf(event);
  const { type, data } = (message ?? {}) as { type?: unknown; data?: unknown };
  if ((typeof type === "string" || typeof type === "number") && data !== undefined) {
    return { name: String(type), data: { at, data, process } };
  }
  return { name: "process:msg", data: { at, raw: message, process } };
}

function whoOf({ id, name, namespace }: { id: number; name: string; namespace: string }): object {
  return { pm_id: id, name, rev: null, namespace };
}

/** The first frame of a stack that is a file's: PM2's `callsite`. */
function placeIn(stack: string): { callsite?: string } {
  const place = /(?:\(|at )((?:file:\/\/)?\/[^():]+:\d+):\d+\)?$/m.exec(stack)?.[1];
  return place === undefined ? {} : { callsite: place };
}
