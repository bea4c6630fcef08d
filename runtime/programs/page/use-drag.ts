import { useRef } from "preact/hooks";
import { Pinch, type PinchStep } from "./pinch.ts";

/** Moves by a pointer that is held down, and zooms by two. */
export function useDrag(
  move: (dx: number, dy: number) => void,
  pinch: (step: PinchStep, element: Element) => void,
) {
  const last = useRef<{ x: number; y: number } | null>(null);
  const both = useRef(new Pinch());
  const release = (event: PointerEvent): void => {
    const rest = both.current.up(event);
    last.current = rest === undefined ? null : { x: rest.clientX, y: rest.clientY };
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      last.current = { x: event.clientX, y: event.clientY };
      both.current.down(event);
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
    },
    onPointerMove: (event: PointerEvent) => {
      const step = both.current.move(event);
      if (step !== undefined) return pinch(step, event.currentTarget as Element);
      if (last.current === null || both.current.isOn) return;
      move(event.clientX - last.current.x, event.clientY - last.current.y);
      last.current = { x: event.clientX, y: event.clientY };
    },
    onPointerUp: release,
    onPointerCancel: release,
  };
}
