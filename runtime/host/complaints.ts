/** Between two lines about the same thing; ms. */
const quietMs = 60_000;

/** Things that are remembered: one that is forgotten may be told of once too often. */
const mostKnown = 1_000;

/** Tells of what goes wrong again and again. */
export type Complain = (about: string, line: string) => void;

/**
 * Lets one line about a thing through per minute, so that nothing that an app does again and again fills the daemon's log. The
 * next one that comes through says how many were left out.
 * @param about what it is about: an app, a file.
 */
export function createComplaints(log: (line: string) => void, now: () => number): Complain {
  const known = new Map<string, { at: number; leftOut: number }>();
  return (about, line) => {
    const at = now();
    const before = known.get(about);
    if (before !== undefined && at - before.at < quietMs && at >= before.at) {
      before.leftOut += 1;
      return;
    }
    if (known.size >= mostKnown) known.clear();
    known.set(about, { at, leftOut: 0 });
    const count = before?.leftOut ?? 0;
    log(
      count === 0
        ? line
        : `${line} (${count} more such lines since ${new Date(before?.at ?? at).toISOString()})`,
    );
  };
}
