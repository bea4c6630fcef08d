/*
 * A daemon inside another program of ours, which is the first process of a container: one Node instead of two. The
 * two are bundles of their own and share no module, so the program leaves what it keeps for itself under a symbol.
 */

/** What the program around a daemon has, and the daemon then has not: the signals, the output and the exit code. */
export interface Foreground {
  /** Where the daemon's own log goes, since standard output is the apps'; a descriptor. */
  readonly log: number;
  /** Receives why the daemon could not start or continue. */
  readonly failed: (why: string) => void;
}

const key = Symbol.for("exmachina.foreground");
const held = globalThis as { [key]?: Foreground };

/** Must be called before the daemon's file is loaded. */
export function beForeground(foreground: Foreground): void {
  held[key] = foreground;
}

/** `undefined` for a daemon that is a program of its own. */
export function foregroundOf(): Foreground | undefined {
  return held[key];
}
