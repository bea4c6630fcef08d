/** What a rollout came to: what each host gave, and the hosts that were not begun. */
export interface Rollout<T> {
  readonly results: readonly T[];
  readonly untouched: readonly string[];
}

/**
 * Does something on every host, on a few at a time. After the first failure no other host is begun.
 * @param options.first how many hosts go ahead alone: the others wait for all of them.
 * @param options.limit at most this many at a time
 */
export async function rollOut<T extends { readonly ok: boolean }>(
  hosts: readonly string[],
  options: { readonly first: number; readonly limit: number },
  run: (host: string) => Promise<T>,
): Promise<Rollout<T>> {
  const results: T[] = [];
  const waiting = [...hosts];
  const isFailed = (): boolean => results.some(({ ok }) => !ok);
  const stage = async (count: number): Promise<void> => {
    const own = waiting.splice(0, count);
    const lane = async (): Promise<void> => {
      while (own.length > 0 && !isFailed()) results.push(await run(own.shift() ?? ""));
    };
    await Promise.all(Array.from({ length: Math.min(options.limit, own.length) }, lane));
    waiting.unshift(...own);
  };
  if (options.first > 0) await stage(options.first);
  if (!isFailed()) await stage(waiting.length);
  return { results, untouched: waiting };
}
