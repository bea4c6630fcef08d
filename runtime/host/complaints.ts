/** Between two lines about the same thing; ms. */
const quietMs = 60_000;

/** Subjects that are remembered: a forgotten one may be reported once too often. */
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

/** Lines of one shape that come through in a minute: a start of many apps has as many of a kind. */
const mostAlike = 200;

/**
 * The last bound of a log, whoever forgot his own: of lines that differ in nothing but numbers a few hundred come through per
 * minute. The next one after that minute is preceded by how many were left out.
 */
export function limitAlike(log: (line: string) => void, now: () => number): (line: string) => void {
  const known = new Map<string, { since: number; count: number }>();
  return (line) => {
    const at = now();
    const shape = line.slice(0, 200).replace(/\d+/g, "#");
    let seen = known.get(shape);
    if (seen === undefined || at - seen.since >= quietMs || at < seen.since) {
      const leftOut = (seen?.count ?? 0) - mostAlike;
      if (leftOut > 0) log(`${leftOut} lines like the next one were omitted`);
      if (known.size >= mostKnown) known.clear();
      seen = { since: at, count: 0 };
      known.set(shape, seen);
    }
    seen.count += 1;
    if (seen.count <= mostAlike) log(line);
    else if (seen.count === mostAlike + 1) log("more lines like the last one are omitted");
  };
}
