/*
 * The frames of AMP, which PM2's client and daemon speak over a unix socket: a byte with the version (1) and the number of
 * arguments, then each argument with its length before it. An argument is JSON behind `j:`, text behind `s:`, or bytes.
 */

/** A specification with its environment is some 30 KB. */
const longestArgument = 4 * 1024 * 1024;

const version = 1;

/** Takes what comes and gives each whole message. @throws RangeError for what is no such frame. */
export function createFrames(
  onMessage: (args: readonly Buffer[]) => void,
): (bytes: Buffer) => void {
  let held: Buffer = Buffer.alloc(0);
  return (bytes) => {
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    for (;;) {
      const message = readMessage(held);
      if (message === undefined) return;
      held = held.subarray(message.length);
      onMessage(message.args);
    }
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

/** @returns `undefined` when it is not whole yet. */
function readMessage(bytes: Buffer): { args: Buffer[]; length: number } | undefined {
  const head = bytes[0];
  if (head === undefined) return undefined;
  if (head >> 4 !== version) throw new RangeError("no frame of PM2's protocol");
  const args: Buffer[] = [];
  let at = 1;
  for (let left = head & 0b1111; left > 0; left -= 1) {
    if (bytes.length < at + 4) return undefined;
    const length = bytes.readUInt32BE(at);
    if (length > longestArgument) throw new RangeError("a frame that is too long");
    at += 4;
    if (bytes.length < at + length) return undefined;
    args.push(bytes.subarray(at, at + length));
    at += length;
  }
  return { args, length: at };
}
