/** How a life ended. An adopted child that is not ours to wait for ends with neither code nor signal. */
export interface ExitFact {
  /** When, in ms since the epoch. */
  readonly at: number;
  readonly code: number | null;
  /** For example `SIGKILL`. */
  readonly signal: string | null;
  /** How long it had lived. */
  readonly uptimeMs: number;
  /** Who asked for it: nobody (it ended by itself), a command, or a sensor. */
  readonly askedBy: string | null;
  /** Of what had run. */
  readonly version?: string;
}

/** Why a process cannot be run at all. */
export interface Failure {
  readonly at: number;
  /** A code of `runtime/contract/errors.ts`, or an errno. */
  readonly code: string;
  readonly message: string;
}

/** What its user wants of a process; a stop stays a stop until a later command says otherwise. */
export type Goal = "run" | "restart" | "stop" | "remove";
