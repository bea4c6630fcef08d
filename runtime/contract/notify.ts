import type { NotifyEvent, NotifySpec } from "../../machines/notify-spec.ts";

/** One thing that happened, as a target gets it. Values of variables are never in it. */
export interface Notice {
  /** The same whenever it is sent; for who wants each once. */
  readonly id: string;
  readonly event: NotifyEvent | "test";
  /** When it happened, in ms since the epoch. */
  readonly at: number;
  readonly host: string;
  readonly app: string;
  readonly namespace: string;
  /** Of the process; `null` for what is of none. */
  readonly process: number | null;
  /** What `xm why` says. */
  readonly sentence: string;
  readonly exit: {
    readonly code: number | null;
    readonly signal: string | null;
    readonly uptimeMs: number;
  } | null;
  readonly restarts: number;
  /** The last lines of its errors, 20 at most; what looks like a secret is masked. */
  readonly lines: readonly string[];
}

/** What a target gets at once: one notice, or those of a digest. */
export interface Message {
  readonly id: string;
  readonly notices: readonly Notice[];
  /** Events since the message before that are not in this one. */
  readonly leftOut: number;
  /** It may have arrived before: the attempt before failed, or its end is not known. */
  readonly repeated: boolean;
}

/** An app that has rules. */
export interface NotifiedApp {
  readonly key: string;
  readonly name: string;
  readonly namespace: string;
  readonly rules: readonly NotifySpec[];
  /** The variables that its rules name. */
  readonly variables: Readonly<Record<string, string>>;
  /** Values that must not be told. */
  readonly secrets: readonly string[];
}

/** What God tells the notifier: all apps, whenever one of them has changed. */
export interface NotifierOrder {
  readonly apps: readonly NotifiedApp[];
  /** The last record of the history while this daemon had no rule: notices begin behind it. */
  readonly from: number | null;
  /** The last record of now. */
  readonly last: number;
}
