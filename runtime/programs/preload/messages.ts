import { nameOfSaid } from "../../contract/app-link/said.ts";
import type { PreloadOptions } from "../../contract/app-link/protocol.ts";
import type { Link } from "./link.ts";

/** At most this many wait for an app that does not listen. */
const mostHeld = 1_000;

type Callback = (error: Error | null) => void;

/**
 * Gives a fork-mode app what a parent with a channel would: `process.send`, `process.connected`, the event
 * `message`. Unlike a channel, the line outlives God. A worker has the real ones, over its balancer, and so has an app that
 * another Node program has forked.
 */
export function offerMessages(
  link: Link,
  { hasGodsChannel }: PreloadOptions,
  onSend: (() => void) | undefined,
): void {
  const isForked = process.send !== undefined;
  if (link.isChannel || (isForked && !(hasGodsChannel && outliveChannel()))) return;
  const held: unknown[] = [];
  const emit = (data: unknown): void => void process.emit("message", data, undefined as never);
  link.onDown((message) => {
    if (message.type !== "message") return;
    // Node keeps messages that arrive before there is a listener.
    if (process.listenerCount("message") > 0) emit(message.data);
    else if (held.length < mostHeld) held.push(message.data);
  });
  // Like a channel, the line keeps the process alive while it has a listener.
  process.on("newListener", (name) => {
    if (name !== "message") return;
    link.open();
    link.hold(true);
    if (held.length > 0) process.nextTick(() => held.splice(0).forEach(emit));
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
    onSend?.();
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

/** What Node reads a channel with. Not documented, and the same since Node 12. */
interface ChannelHandle {
  onread: (this: ChannelHandle, bytes: ArrayBuffer | undefined, ...rest: unknown[]) => void;
  readStop(): void;
  unref(): void;
}

/**
 * Keeps the end of a channel from the app: God's end of it is gone with God, and the line is not.
 * @returns whether it can be kept.
 */
function outliveChannel(): boolean {
  const symbol = Object.getOwnPropertySymbols(process).find(
    ({ description }) => description === "kChannelHandle",
  );
  const handle = symbol && (Reflect.get(process, symbol) as ChannelHandle | null);
  if (handle == null) return false;
  const { onread } = handle;
  handle.onread = function onreadUnlessEnd(bytes, ...rest) {
    if (bytes !== undefined) return onread.call(this, bytes, ...rest);
    this.readStop();
    this.unref();
  };
  return true;
}

/** What a later God has to know of the messages. */
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
