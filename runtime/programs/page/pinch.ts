/** The part of a pointer event that is needed. */
interface Held {
  readonly pointerId: number;
  readonly clientX: number;
  readonly clientY: number;
}

/** One step of a pinch. */
export interface PinchStep {
  /** How many times as far apart as before. */
  readonly by: number;
  /** The middle between the two, in the coordinates of the window, and how far it has moved. */
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
}

/** Nearer than this two fingers cannot be told apart, and a ratio of distances says nothing; px. */
const leastDistance = 12;

/** Follows the pointers that are held down, and tells what two of them do together. */
export class Pinch {
  readonly #held = new Map<number, Held>();

  /** Two are held down. */
  get isOn(): boolean {
    return this.#held.size === 2;
  }

  /** A third one and more are passed over. */
  down(pointer: Held): void {
    if (this.#held.size < 2) this.#held.set(pointer.pointerId, placeOf(pointer));
  }

  /** @returns `undefined` unless two are held down. */
  move(pointer: Held): PinchStep | undefined {
    if (!this.#held.has(pointer.pointerId)) return undefined;
    const before = this.#between();
    this.#held.set(pointer.pointerId, placeOf(pointer));
    const after = this.#between();
    if (before === undefined || after === undefined) return undefined;
    const { x, y } = after;
    return { by: after.apart / before.apart, x, y, dx: x - before.x, dy: y - before.y };
  }

  /** @returns the pointer that is still held; it continues from where it is. */
  up({ pointerId }: Pick<Held, "pointerId">): Held | undefined {
    this.#held.delete(pointerId);
    return [...this.#held.values()][0];
  }

  #between(): { x: number; y: number; apart: number } | undefined {
    const [one, other] = [...this.#held.values()];
    if (one === undefined || other === undefined) return undefined;
    const apart = Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    return {
      x: (one.clientX + other.clientX) / 2,
      y: (one.clientY + other.clientY) / 2,
      apart: Math.max(leastDistance, apart),
    };
  }
}

/** An event is used again by the browser. */
function placeOf({ pointerId, clientX, clientY }: Held): Held {
  return { pointerId, clientX, clientY };
}
