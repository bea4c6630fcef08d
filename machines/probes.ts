/** A check that is repeated until its answer shows that the process is ready. */
export type Probe =
  | { readonly kind: "http"; readonly url: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "command"; readonly command: string };

/** What a probe asks. A port may be the name of a variable: `$PORT`. */
export type Check =
  | {
      readonly kind: "http";
      readonly isTls: boolean;
      readonly host: string;
      readonly port: number | string;
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
      /** Statuses that are good: from this one … */
      readonly least: number;
      /** … to this one. */
      readonly most: number;
    }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number | string }
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "exec"; readonly command: string }
  /** A line of its log files holds this text. */
  | { readonly kind: "log"; readonly text: string; readonly stream: "out" | "err" | "both" }
  | { readonly kind: "message" }
  | { readonly kind: "heartbeat" }
  /** What a Node program measures of its event loop between two questions. */
  | {
      readonly kind: "loop";
      /** The longest that it may have stood still; ms. */
      readonly maxDelayMs: number | null;
      /** 0 … 1: the share of the time that it may have been busy. */
      readonly maxUtilization: number | null;
    };

/** A question that is asked again and again, in the words of Kubernetes. */
export interface ProbeSpec {
  readonly check: Check;
  readonly initialDelayMs: number;
  readonly periodMs: number;
  /** A later answer counts as none. */
  readonly timeoutMs: number;
  /** This many good answers in a row change the result. */
  readonly successThreshold: number;
  /** This many bad answers in a row change it. */
  readonly failureThreshold: number;
  /** From the stop signal to SIGKILL when it ends a life; `kill_timeout` when it is not there. ms. */
  readonly graceMs?: number | undefined;
}

/** What is asked of a process over its life. */
export interface Probes {
  /** Until it can serve; nothing else is asked before. */
  readonly startup: ProbeSpec | null;
  /** Whether it can serve now. */
  readonly readiness: ProbeSpec | null;
  /** Whether it has to be restarted. */
  readonly liveness: ProbeSpec | null;
}
