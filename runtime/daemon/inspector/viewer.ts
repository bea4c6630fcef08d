import type { Writable } from "node:stream";

/** How long writes of one viewer are collected: many transitions are one write; ms. */
const togetherMs = 40;

/** More than this is written without waiting for more; bytes. */
const writtenAtOnce = 64 * 1024;

/** So much may wait for a viewer that reads too slowly, then it is cut off: a daemon's memory is bounded. */
export const mostWaitingBytes = 1024 * 1024;

/** A viewer that has read nothing for this long is disconnected; ms. */
export const mostSilentMs = 30_000;

/** Messages that may be dropped while a viewer is behind, because later ones repeat them: the latest of each key is kept. */
export interface Message {
  readonly json: string;
  /** `null`: nothing of it may be left out. */
  readonly replaces: string | null;
}

/**
 * One viewer of a stream of server-sent events. While it does not read, messages that a later one makes needless
 * are replaced by it, the others wait up to a bound, and beyond that it is disconnected: it reconnects and receives everything again.
 */
export interface Viewer {
  tell(message: Message): void;
  /** Whether it reads as fast as it is written to. */
  readonly isBehind: boolean;
  close(): void;
}

export function createViewer(stream: Writable): Viewer {
  let waiting: string[] = [];
  let waitingBytes = 0;
  let latest = new Map<string, string>();
  let isBehind = false;
  let timer: NodeJS.Timeout | undefined;
  let silence: NodeJS.Timeout | undefined;

  const close = (): void => {
    clearTimeout(timer);
    clearTimeout(silence);
    waiting = [];
    latest = new Map();
  };
  const cutOff = (): void => {
    close();
    stream.destroy();
  };
  const flush = (): void => {
    timer = undefined;
    if (isBehind || stream.destroyed) return;
    const all = [...waiting, ...latest.values()];
    waiting = [];
    latest = new Map();
    waitingBytes = 0;
    if (all.length === 0) return;
    isBehind = !stream.write(all.map((json) => `data: ${json}\n\n`).join(""));
    if (!isBehind) return;
    silence = setTimeout(cutOff, mostSilentMs);
    silence.unref();
  };
  stream.on("drain", () => {
    isBehind = false;
    clearTimeout(silence);
    flush();
  });
  stream.on("close", close);

  return {
    get isBehind() {
      return isBehind;
    },
    tell: ({ json, replaces }) => {
      if (stream.destroyed) return;
      if (isBehind && replaces !== null) {
        latest.set(replaces, json);
        return;
      }
      waiting.push(json);
      waitingBytes += json.length;
      if (isBehind) {
        if (waitingBytes > mostWaitingBytes) cutOff();
      } else if (waitingBytes > writtenAtOnce) {
        clearTimeout(timer);
        flush();
      } else {
        timer ??= setTimeout(flush, togetherMs);
      }
    },
    close,
  };
}
