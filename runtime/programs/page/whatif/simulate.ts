import type { Answered, Asked } from "./worker.ts";

let worker: Worker | undefined;
/** Ends the wait for the one that is played now. */
let giveUp: (() => void) | undefined;

/**
 * Plays one in the worker.
 * @returns `undefined` when another was requested meanwhile: a worker that still runs this one is ended.
 */
export function play(asked: Asked): Promise<Answered | undefined> {
  giveUp?.();
  worker ??= new Worker(new URL("worker.ts", import.meta.url), { type: "module" });
  const own = worker;
  return new Promise((resolve, reject) => {
    const listening = new AbortController();
    const end = (): void => {
      listening.abort();
      giveUp = undefined;
    };
    const { signal } = listening;
    giveUp = () => {
      end();
      own.terminate();
      worker = undefined;
      resolve(undefined);
    };
    own.addEventListener(
      "message",
      ({ data }: MessageEvent<Answered>) => {
        end();
        resolve(data);
      },
      { signal },
    );
    own.addEventListener(
      "error",
      ({ message }) => {
        end();
        reject(new Error(message));
      },
      { signal },
    );
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker is no window
    own.postMessage(asked);
  });
}
