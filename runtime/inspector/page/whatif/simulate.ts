import type { Answered, Asked } from "./worker.ts";

let worker: Worker | undefined;
let lastTicket = 0;

/**
 * Plays one in the worker.
 * @returns `undefined` when another was asked for meanwhile. A worker that is still busy with an older one is ended.
 */
export function play(asked: Omit<Asked, "ticket">): Promise<Answered | undefined> {
  lastTicket += 1;
  const ticket = lastTicket;
  worker ??= new Worker(new URL("worker.ts", import.meta.url), { type: "module" });
  const own = worker;
  return new Promise((resolve, reject) => {
    own.addEventListener("message", function listen({ data }: MessageEvent<Answered>) {
      if (data.ticket < ticket) return;
      own.removeEventListener("message", listen);
      resolve(data.ticket === ticket ? data : undefined);
    });
    own.addEventListener("error", ({ message }) => reject(new Error(message)), { once: true });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker is no window
    own.postMessage({ ...asked, ticket } satisfies Asked);
  });
}
