/**
 * Waits until a condition holds, and says what it last saw when it does not.
 * @param look gives a value; anything but `undefined`, `false` and `null` is what was waited for.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  options: { withinMs?: number; saw?: () => unknown } = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const { withinMs = 20_000, saw } = options;
  const deadline = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await look();
      if (value !== undefined && value !== false && value !== null) {
        return value as NonNullable<Exclude<T, false>>;
      }
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const seen = saw === undefined ? last : await saw();
      throw new Error(`waited ${withinMs} ms for ${what}; last saw ${show(seen)}`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

function show(value: unknown): string {
  return value instanceof Error ? (value.stack ?? value.message) : JSON.stringify(value, null, 1);
}
