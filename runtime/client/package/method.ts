import type { Method } from "./types.ts";

/**
 * Makes a method with PM2's optional callback of a function that gives a promise. What a callback throws is the
 * caller's uncaught exception, and never mistaken for a failure of the call.
 */
export function method<TArgs extends readonly unknown[], TResult>(
  work: (...args: TArgs) => Promise<TResult>,
): Method<TArgs, TResult> {
  const call = (...given: unknown[]): Promise<TResult> | undefined => {
    const args = [...given];
    while (args.length > 0 && args.at(-1) === undefined) args.pop();
    const callback = typeof args.at(-1) === "function" ? args.pop() : undefined;
    const promise = work(...(args as unknown as TArgs));
    if (callback === undefined) return promise;
    const tell = callback as (error: Error | null, result?: TResult) => void;
    promise.then(
      (result) => process.nextTick(() => tell(null, result)),
      (error: Error) => process.nextTick(() => tell(error)),
    );
    return undefined;
  };
  return call as unknown as Method<TArgs, TResult>;
}
