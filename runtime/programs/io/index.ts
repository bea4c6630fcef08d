import { publish, type Published } from "./publish.ts";
import { onAction, type Action } from "./actions.ts";
import { meter, histogram, type Measurement } from "./measures.ts";

/** The options of every metric. */
export interface MetricOptions {
  readonly name: string;
  readonly unit?: string;
  /** Kept by `@pm2/io` users; published with the value. */
  readonly type?: string;
  readonly historic?: boolean;
}

export interface Gauge {
  set(value: number | string): void;
  val(): number | string | undefined;
}

export interface Counter {
  inc(by?: number): void;
  dec(by?: number): void;
  reset(to?: number): void;
  val(): number;
}

export interface Meter {
  /** Something has happened, `count` times. */
  mark(count?: number): void;
  /** How often it happens per second, over `timeframe`. */
  val(): number;
}

export interface Histogram {
  update(value: number): void;
  val(): number;
}

/**
 * A value that is set, or read from a function once a second. PM2 calls it `metric` too.
 * Without a process manager, everything here works and nothing is published.
 */
export function gauge(options: MetricOptions & { readonly value?: () => number | string }): Gauge {
  let current: number | string | undefined;
  const val = (): number | string | undefined => (options.value ? options.value() : current);
  publish(described(options, val));
  return {
    set: (value) => {
      current = value;
    },
    val,
  };
}

/** PM2's name for a gauge. */
export const metric: typeof gauge = (options) => gauge(options);

/** A number that goes up and down. */
export function counter(options: MetricOptions): Counter {
  let count = 0;
  publish(described(options, () => count));
  return {
    inc: (by = 1) => void (count += by),
    dec: (by = 1) => void (count -= by),
    reset: (to = 0) => void (count = to),
    val: () => count,
  };
}

/** How often something happens: per `samples` seconds (1), over the last `timeframe` seconds (60). */
function createMeter(
  options: MetricOptions & { readonly samples?: number; readonly timeframe?: number },
): Meter {
  const made = meter(options.samples ?? 1, options.timeframe ?? 60);
  publish(described({ unit: "Hz", ...options }, () => made.val()));
  return made;
}

/** How values are spread: `measurement` (mean) of the last thousand. */
function createHistogram(
  options: MetricOptions & { readonly measurement?: Measurement },
): Histogram {
  const made = histogram(options.measurement ?? "mean");
  publish(described(options, () => made.val()));
  return made;
}

/**
 * Offers an action that `xm trigger` can ask for.
 * @param handler gets the parameters, if it takes two arguments, and a function that answers.
 */
export function action(name: string, ...rest: [Action] | [object, Action]): void {
  const handler = rest.at(-1) as Action;
  onAction(name, rest.length === 2 ? rest[0] : null, handler);
}

export { createMeter as meter, createHistogram as histogram };

/** Tells the process manager of an error that the app has handled. */
export function notifyError(error: Error, context: object = {}): void {
  const { message, stack, name } = error;
  process.send?.({ type: "process:exception", data: { message, stack, name, context } });
}

/** For programs written for `@pm2/io`: there is nothing to set up. */
export function init(): typeof io {
  return io;
}

const io = {
  init,
  gauge,
  metric,
  counter,
  meter: createMeter,
  histogram: createHistogram,
  action,
  notifyError,
};
export default io;

function described(
  { name, unit, type, historic = true }: MetricOptions,
  value: () => number | string | undefined,
): Published {
  return {
    name,
    value,
    about: {
      historic,
      ...(unit === undefined ? {} : { unit }),
      ...(type === undefined ? {} : { type }),
    },
  };
}
