import type { Socket } from "node:net";

/** How much of unfinished lines is kept. */
export interface LineLimits {
  /** A longer line ends the connection; characters. */
  readonly longest: number;
  /** What several connections may keep together; the one that goes beyond it is ended. */
  readonly shared?: Waiting;
}

/** Unfinished lines of several connections; characters. */
export interface Waiting {
  length: number;
  readonly most: number;
}

/** A line longer than this is not a message of ours. */
export const longestLine = 8 * 1024 * 1024;

/**
 * Gives each line that comes in on a socket; a handler that returns `false` ends the reading.
 * @param limits may change from line to line. A line beyond them destroys the socket.
 */
export function onLines(
  socket: Socket,
  handle: (line: string) => boolean | void,
  limits: () => LineLimits = () => ({ longest: longestLine }),
): void {
  let pieces: string[] = [];
  let length = 0;
  let isEnded = false;
  const keep = (piece: string, { shared }: LineLimits): void => {
    pieces.push(piece);
    length += piece.length;
    if (shared !== undefined) shared.length += piece.length;
  };
  const take = ({ shared }: LineLimits): string => {
    const line = pieces.length === 1 ? (pieces[0] as string) : pieces.join("");
    if (shared !== undefined) shared.length -= length;
    pieces = [];
    length = 0;
    return line;
  };
  const isWithin = ({ longest, shared }: LineLimits): boolean =>
    length <= longest && (shared === undefined || shared.length <= shared.most);
  const end = (): void => {
    isEnded = true;
    take(limits());
  };

  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    if (isEnded) return;
    let from = 0;
    for (let at = chunk.indexOf("\n"); at >= 0; at = chunk.indexOf("\n", from)) {
      keep(chunk.slice(from, at), limits());
      from = at + 1;
      const isFit = isWithin(limits());
      if (!isFit) {
        end();
        socket.destroy(new Error("a line is too long"));
        return;
      }
      if (handle(take(limits())) === false) {
        end();
        return;
      }
    }
    if (from < chunk.length) keep(chunk.slice(from), limits());
    if (isWithin(limits())) return;
    end();
    socket.destroy(new Error("a line is too long"));
  });
  socket.once("close", end);
}
