/*
 * Long reads give up the event loop every few milliseconds, and take turns: however many there are, one slice of one of them runs
 * between two looks at everything else. A viewer that reads the whole history therefore delays God by one slice.
 */

/** A slice of a long read; ms. */
const sliceMs = 5;

const waiting: (() => void)[] = [];
let isArmed = false;

/** When to pause a long read. One for each read. */
export interface Pacer {
  /** Whether this slice has lasted long enough. */
  isDue(): boolean;
  /** Resolves when it is this read's turn again. */
  pause(): Promise<void>;
}

export function createPacer(): Pacer {
  let since = performance.now();
  return {
    isDue: () => performance.now() - since > sliceMs,
    pause: async () => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        arm();
      });
      since = performance.now();
    },
  };
}

function arm(): void {
  if (isArmed) return;
  isArmed = true;
  setImmediate(() => {
    isArmed = false;
    waiting.shift()?.();
    if (waiting.length > 0) arm();
  });
}
