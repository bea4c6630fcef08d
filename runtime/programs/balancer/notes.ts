/** As many lines in a minute go to God's log, whatever a worker does. */
const mostPerMinute = 20;
const longestLine = 2_000;
const minuteMs = 60_000;

/** Lines for God's log; kept while there is no God. */
export interface Notes {
  readonly add: (line: string) => void;
  readonly tellAll: () => void;
}

/** @param tell returns whether God received it. */
export function createNotes(tell: (line: string) => boolean): Notes {
  const waiting: string[] = [];
  let began = 0;
  let count = 0;
  return {
    add: (line) => {
      const now = Date.now();
      if (now - began >= minuteMs) {
        began = now;
        count = 0;
      }
      count += 1;
      if (count > mostPerMinute) return;
      const short = line.slice(0, longestLine);
      if (!tell(short) && waiting.length < mostPerMinute) waiting.push(short);
    },
    tellAll: () => {
      for (const line of waiting.splice(0)) tell(line);
    },
  };
}
