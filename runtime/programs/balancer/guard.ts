import type { ChildProcess } from "node:child_process";

/*
 * A worker can write anything to its channel, and Node trusts it: a line that is not JSON, an acknowledgement of
 * nothing, a question of `node:cluster` with odd values throw in the primary, outside of anybody's call, and would end it
 * with all other workers. Here every message of a worker is handled behind a guard, so that it ends only that worker.
 */

/** What waits for the end of its line is not a message of ours; bytes. */
const longestMessage = 8 * 1024 * 1024;

/** What Node reads a channel with. Known by their descriptions; the same from Node 16 to 26. */
interface ChannelHandle {
  /** The connection that came with what is read next. */
  pendingHandle?: unknown;
  onread?: (this: ChannelHandle, ...args: unknown[]) => void;
}

/** @param spoil called once with the fault of an invalid message. */
export function guardChannel(child: ChildProcess, spoil: (why: string) => void): void {
  let isSpoilt = false;
  const fail = (error: unknown): void => {
    if (isSpoilt) return;
    isSpoilt = true;
    spoil(error instanceof Error ? error.message : String(error));
  };
  const emit = child.emit.bind(child);
  child.emit = (name: string, ...args: unknown[]): boolean => {
    const isMessage = name === "internalMessage" || name === "message";
    if (!isMessage) return emit(name, ...args);
    if (!isSpoilt) {
      try {
        return emit(name, ...args);
      } catch (error) {
        fail(error);
      }
    }
    close(args[1]);
    return false;
  };
  const handle = hidden(child, "kChannelHandle") as ChannelHandle | undefined;
  const read = handle?.onread;
  if (handle === undefined || read === undefined) return;
  handle.onread = function guarded(...args) {
    const came = this.pendingHandle;
    try {
      if (!isSpoilt || args[0] === undefined) Reflect.apply(read, this, args);
      else close(came);
      const waiting = hidden(this, "kJSONBuffer");
      if (typeof waiting === "string" && waiting.length > longestMessage) {
        fail(new Error(`a message of more than ${longestMessage} bytes`));
      }
    } catch (error) {
      fail(error);
      close(came);
    }
  };
}

/** A connection from a worker that is no longer trusted must be ended here: nothing else would. */
function close(handle: unknown): void {
  const { close: end } = (handle ?? {}) as { close?: unknown };
  if (typeof end === "function") Reflect.apply(end, handle, []);
}

/** A value that Node keeps under a symbol of its own. */
function hidden(object: object, description: string): unknown {
  const symbol = Object.getOwnPropertySymbols(object).find(
    (each) => each.description === description,
  );
  return symbol === undefined ? undefined : (object as Record<symbol, unknown>)[symbol];
}
