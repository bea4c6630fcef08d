import type { ExitFact, OutOfMemory } from "../exit.ts";

/** A time for people: `850 ms`, `1.5 s`, `2 min`, `3 h 5 min`, `4 d 2 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${trim(ms / 1_000)} s`;
  if (ms < 3_600_000) return pair(ms, 60_000, "min", 1_000, "s");
  if (ms < 86_400_000) return pair(ms, 3_600_000, "h", 60_000, "min");
  return pair(ms, 86_400_000, "d", 3_600_000, "h");
}

const hookWords: Readonly<Record<string, string>> = {
  postStart: "post_start",
  postStop: "post_stop",
};

/** How a life ended, as the beginning of a sentence. */
export function howItEnded(exit: ExitFact): string {
  const { code, signal, askedBy, backgroundPid, verdict, outOfMemory } = exit;
  const hook = verdict === undefined ? undefined : hookWords[verdict.probe];
  if (verdict?.probe === "preStart")
    return askedBy === null
      ? `Could not be prepared (its pre_start hook failed: ${verdict.why})`
      : `Its pre_start hook was ended (${askedBy})`;
  const how =
    signal !== null
      ? `Ended by ${signal}`
      : code === null
        ? "Ended with an unknown exit code (it was adopted)"
        : `Exited with code ${code}`;
  if (verdict?.probe === "runTimeout" && askedBy === null)
    return `${how} (its run took longer than run_timeout, ${verdict.why})`;
  if (hook !== undefined && askedBy === null)
    return `${how} (its ${hook} hook failed: ${verdict?.why})`;
  if (verdict !== undefined && askedBy === null)
    return `${how} (its ${verdict.probe} probe failed: ${verdict.why})`;
  if (askedBy !== null) return `${how} (${askedBy})`;
  if (outOfMemory !== undefined) return `${how} (${killedForMemory(exit, outOfMemory)})`;
  return backgroundPid === undefined
    ? how
    : `${how}, leaving its process ${backgroundPid} in the background, in a session of its own,`;
}

/** `the kernel killed it: over memory_max, 512 MB; peak 512 MB`. */
function killedForMemory({ signal }: ExitFact, outOfMemory: OutOfMemory): string {
  const { kills, limitBytes, peakBytes } = outOfMemory;
  const whom = signal === "SIGKILL" ? "it" : `${kills} of its processes`;
  const why =
    limitBytes === null
      ? "the machine, or the cgroup around it, was out of memory"
      : `over memory_max, ${megabytes(limitBytes)}`;
  const peak = peakBytes === null ? "" : `; peak ${megabytes(peakBytes)}`;
  return `the kernel killed ${whom}: ${why}${peak}`;
}

const megabytes = (bytes: number): string => `${trim(bytes / 1_048_576)} MB`;

function trim(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}

function pair(ms: number, unitMs: number, unit: string, smallMs: number, small: string): string {
  const whole = Math.floor(ms / unitMs);
  const rest = Math.floor((ms - whole * unitMs) / smallMs);
  return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${small}`;
}
