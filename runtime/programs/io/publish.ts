/** A metric as it is published. */
export interface Published {
  readonly name: string;
  readonly value: () => number | string | undefined;
  readonly about: Readonly<Record<string, unknown>>;
}

const published = new Map<string, Published>();
const everyMs = 1_000;
let timer: NodeJS.Timeout | undefined;
let last = "";

/** Tells a metric once a second from now on, when it has changed, in PM2's `axm:monitor` message. */
export function publish(metric: Published): void {
  published.set(metric.name, metric);
  if (process.send === undefined) return;
  timer ??= setInterval(tell, everyMs).unref();
  setImmediate(tell).unref();
}

function tell(): void {
  const data = Object.fromEntries(
    [...published.values()].map(({ name, value, about }) => [
      name,
      { ...about, value: value() ?? null },
    ]),
  );
  const text = JSON.stringify(data);
  if (text === last) return;
  last = text;
  process.send?.({ type: "axm:monitor", data });
}
