import { nameOfSaid } from "../../contract/app-link/said.ts";
import type { Link } from "./link.ts";

type Callback = (error: Error | null) => void;

/**
 * Gives a fork-mode app what a parent with a channel would: `process.send`, `process.connected`, the event
 * `message`. Unlike a channel, the line outlives God. A worker has the real ones, over its balancer.
 */
export function offerMessages(link: Link): void {
  if (link.isChannel || process.send !== undefined) return;
  link.onDown((message) => {
    if (message.type === "message") process.emit("message", message.data, undefined as never);
  });
  // Like a channel, the line keeps the process alive while somebody listens to it.
  process.on("newListener", (name) => {
    if (name !== "message") return;
    link.open();
    link.hold(true);
  });
  process.on("removeListener", (name) => {
    if (name === "message" && process.listenerCount("message") === 0) link.hold(false);
  });
  define("connected", true);
  define("send", (data: unknown, ...rest: unknown[]): boolean => {
    const callback = rest.find((each) => typeof each === "function") as Callback | undefined;
    if (!process.connected) {
      const error = Object.assign(new Error("Channel closed"), { code: "ERR_IPC_CHANNEL_CLOSED" });
      if (callback === undefined)
        process.nextTick(() => process.emit("error" as never, error as never));
      else process.nextTick(callback, error);
      return false;
    }
    remember(link, data);
    const isSent = link.send({ type: "message", data });
    if (callback !== undefined) process.nextTick(callback, null);
    return isSent;
  });
  define("disconnect", (): void => {
    define("connected", false);
    link.shut();
    process.nextTick(() => process.emit("disconnect"));
  });
}

/** What a God that comes later has to know of what was said. */
function remember(link: Link, data: unknown): void {
  if (data === "ready") link.markReady();
  const name = nameOfSaid(data);
  if (name !== undefined) link.remember(name, data);
}

function define(name: "send" | "connected" | "disconnect", value: unknown): void {
  Object.defineProperty(process, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
