/** A line that is longer is written as several: memory is bounded. */
export const longestLineBytes = 1024 * 1024;

/** No pipe holds more unless it was enlarged. */
const readBytes = 64 * 1024;

const memory = Buffer.allocUnsafeSlow(longestLineBytes + readBytes);

/** Where all pipes are read to: what is read is dealt with before the next read. */
export const block = memory.subarray(longestLineBytes);

/** What was left of the last read and what came with this one, as one: in the room in front of the block if it is there. */
export function joined(left: Buffer, bytes: Buffer): Buffer {
  if (left.length === 0) return bytes;
  const start = bytes.byteOffset - left.length;
  if (bytes.buffer !== memory.buffer || start < 0) return Buffer.concat([left, bytes]);
  left.copy(memory, start);
  return memory.subarray(start, start + left.length + bytes.length);
}
