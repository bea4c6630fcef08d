/** Commands that run beside the lives of a process, in the order of a life. */
export const hookNames = ["pre_start", "post_start", "pre_stop", "post_stop"] as const;

export type HookName = (typeof hookNames)[number];

export interface HookSpec {
  /** A text is a shell's to read; a list is run as it is. */
  readonly command: string | readonly string[];
  /** A run that takes longer is killed with all that it has started, and has failed. ms. */
  readonly timeoutMs: number;
  /** Its failure is recorded, and changes nothing. */
  readonly mayFail: boolean;
}

export type Hooks = { readonly [K in HookName]?: HookSpec | undefined };

/** One run of a hook; the latest of a process is a fact, so that no daemon runs one twice for a life. */
export interface HookRun {
  readonly name: HookName;
  /** By which the next daemon finds it and how it has ended. */
  readonly run: string;
  readonly at: number;
  /** How it has ended; `null` while it runs. */
  readonly end: HookEnd | null;
}

export interface HookEnd {
  readonly at: number;
  readonly code: number | null;
  /** What went wrong, with the last line that it wrote; `null` when nothing did. */
  readonly why: string | null;
}

/** What the hooks tell their process. */
export type HookReport =
  /** It is about to be started: the journal has it before. */
  | { type: "hook.begun"; at: number; name: HookName; run: string }
  | { type: "hook.ended"; at: number; name: HookName; code: number | null; why: string | null };
