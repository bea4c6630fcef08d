/** Points per block of the summary. */
const blockSize = 64;

/** When something came into which state, as numbers, in columns that grow: quick to search however long it is. */
export class Series {
  count = 0;
  #times = new Float64Array(64);
  #codes = new Uint8Array(64);
  /** Of each block of points, a bit for every code among them. */
  #blocks = new Uint16Array(1);

  /** The time of the last point. */
  get end(): number {
    return this.count === 0 ? Number.NEGATIVE_INFINITY : this.time(this.count - 1);
  }

  push(at: number, code: number): void {
    if (this.count === this.#times.length) this.#grow();
    this.#times[this.count] = at;
    this.#codes[this.count] = code;
    const block = Math.floor(this.count / blockSize);
    this.#blocks[block] = (this.#blocks[block] ?? 0) | (1 << code);
    this.count += 1;
  }

  /** The same, where it is not in that state already. */
  turn(at: number, code: number): void {
    if (this.count === 0 || this.code(this.count - 1) !== code) this.push(at, code);
  }

  time(index: number): number {
    return this.#times[index] ?? Number.NaN;
  }

  code(index: number): number {
    return this.#codes[index] ?? 0;
  }

  /** The last point at or before a time, looked for from `from` on; -1 when there is none. */
  indexAt(at: number, from = 0): number {
    let low = from;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The code at a time; -1 before the first point. */
  codeAt(at: number): number {
    const index = this.indexAt(at);
    return index < 0 ? -1 : this.code(index);
  }

  /** A bit for every code among some points, the last one included. */
  codesWithin(first: number, last: number): number {
    let bits = 0;
    let index = first;
    while (index <= last) {
      if (index % blockSize === 0 && index + blockSize - 1 <= last) {
        bits |= this.#blocks[index / blockSize] ?? 0;
        index += blockSize;
      } else {
        bits |= 1 << this.code(index);
        index += 1;
      }
    }
    return bits;
  }

  #grow(): void {
    const size = this.#times.length * 2;
    this.#times = grown(this.#times, new Float64Array(size));
    this.#codes = grown(this.#codes, new Uint8Array(size));
    this.#blocks = grown(this.#blocks, new Uint16Array(size / blockSize));
  }
}

function grown<T extends Float64Array | Uint8Array | Uint16Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
