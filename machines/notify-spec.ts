/** What can be notified of. */
export const notifyEvents = [
  "errored",
  "crash",
  "failed",
  "oom",
  "unhealthy",
  "online",
  "reload_failed",
  "disk_full",
] as const;

export type NotifyEvent = (typeof notifyEvents)[number];

/** Where a notice goes. A URL and a header may name variables of the app (`$NAME`). */
export type NotifyTarget =
  | {
      readonly kind: "webhook" | "slack" | "ntfy";
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: "exec"; readonly command: string }
  | { readonly kind: "email"; readonly to: string };

/** Which events of an app are sent where. */
export interface NotifySpec {
  readonly on: readonly NotifyEvent[];
  readonly target: NotifyTarget;
  /** Only from this many events of one kind within ten minutes on. */
  readonly after: number;
  /** Between two messages; ms. */
  readonly minIntervalMs: number;
  /** What happens meanwhile is sent together at the end of the interval. */
  readonly digest: boolean;
}
