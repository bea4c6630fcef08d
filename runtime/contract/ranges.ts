/*
 * The allowed ranges of numbers and names from outside, wherever they come from: a body of the API, a record of the journal, a
 * snapshot, a saved list.
 */

/** The longest wait that a timer holds, 24.8 days; Node takes a longer one for 1 ms. */
export const longestMs = 2 ** 31 - 1;

/** An app answers in less only by luck: its preload beats three times as often. ms. */
export const shortestHeartbeatMs = 100;

/** The largest number of a user or a group; the one above means "leave it" to chown(2). */
export const largestUserId = 2 ** 32 - 2;

/** The signals of Linux that a program can be stopped by (signal(7)). */
export const signalNames: readonly string[] = (
  "SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGIOT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM " +
  "SIGCHLD SIGSTKFLT SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO SIGPOLL SIGPWR SIGSYS"
).split(" ");

/** A value within bounds; one that is out of them becomes the nearest that is not. */
export function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

/** What limits of a cgroup may be. With less memory nothing starts; the kernel gives out CPU by the millisecond of 100 ms. */
export const leastMemoryBytes = 1024 * 1024;
export const leastCpus = 0.01;
export const mostCpus = 10_000;
export const mostWeight = 10_000;
/** The kernel's own highest pid. */
export const mostPids = 4_194_304;
