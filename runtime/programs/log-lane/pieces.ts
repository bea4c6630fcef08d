/*
 * A block of lines is changed a few kilobytes at a time and into existing memory: strings of 100 KB are not allocated
 * among the young, and each of them and of their buffers is asked of the kernel page by page and given back.
 */

/** A piece is no longer, unless a line is. */
const pieceBytes = 8 * 1024;

/** Enough for what a read becomes, unless its lines are very short; what of it is ignored takes no memory. */
const output = Buffer.allocUnsafeSlow(1024 * 1024);

/**
 * Changes whole lines, each with its newline, piece by piece.
 * @param change gives Latin-1, a character for each byte.
 * @returns what is good until the next call.
 */
export function inPieces(lines: Buffer, change: (piece: Buffer) => string): Buffer {
  let bytes: Buffer = output;
  let length = 0;
  for (let start = 0; start < lines.length;) {
    const end = endOfPiece(lines, start);
    const text = change(lines.subarray(start, end));
    if (length + text.length > bytes.length) bytes = larger(bytes, length + text.length);
    length += bytes.write(text, length, "latin1");
    start = end;
  }
  return bytes.subarray(0, length);
}

function endOfPiece(lines: Buffer, start: number): number {
  if (lines.length - start <= pieceBytes) return lines.length;
  const end = lines.lastIndexOf(10, start + pieceBytes - 1) + 1;
  return end > start ? end : lines.indexOf(10, start + pieceBytes) + 1;
}

function larger(bytes: Buffer, atLeast: number): Buffer {
  const next = Buffer.allocUnsafeSlow(Math.max(atLeast, bytes.length * 2));
  bytes.copy(next);
  return next;
}
