/*
 * The frames of AMP, which PM2's client and daemon speak over a unix socket: a byte with the version (1) and the number of
 * arguments, then each argument with its length before it. An argument is JSON behind `j:`, text behind `s:`, or bytes.
 */

/** Of a whole message: a specification with its environment is some 30 KB. */
const longestMessage = 8 * 1024 * 1024;

const version = 1;

/** Takes incoming bytes and returns each whole message. @throws RangeError for anything else. */
export function createFrames(
  onMessage: (args: readonly Buffer[]) => void,
): (bytes: Buffer) => void {
  let pieces: Buffer[] = [];
  let length = 0;
  /** There is no whole message before; pieces are not put together for less. */
  let needed = 1;
  return (bytes) => {
    pieces.push(bytes);
    length += bytes.length;
    if (length < needed) return;
    let held = pieces.length === 1 ? bytes : Buffer.concat(pieces);
    for (;;) {
      const message = readMessage(held);
      if ("needed" in message) {
        ({ needed } = message);
        break;
      }
      held = held.subarray(message.length);
      onMessage(message.args);
    }
    pieces = held.length === 0 ? [] : [held];
    length = held.length;
  };
}

export function frameOf(args: readonly string[]): Buffer {
  const parts = args.flatMap((arg) => {
    const bytes = Buffer.from(arg);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat([Buffer.from([(version << 4) | args.length]), ...parts]);
}

/** @returns how many bytes there have to be at least, when it is not whole yet. */
function readMessage(bytes: Buffer): { args: Buffer[]; length: number } | { needed: number } {
  const head = bytes[0];
  if (head === undefined) return { needed: 1 };
  if (head >> 4 !== version) throw new RangeError("not a frame of PM2's protocol");
  const args: Buffer[] = [];
  let at = 1;
  for (let left = head & 0b1111; left > 0; left -= 1) {
    if (bytes.length < at + 4) return { needed: at + 4 };
    const length = bytes.readUInt32BE(at);
    at += 4;
    if (at + length > longestMessage) throw new RangeError("a frame that is too long");
    if (bytes.length < at + length) return { needed: at + length };
    args.push(bytes.subarray(at, at + length));
    at += length;
  }
  return { args, length: at };
}
