import { useEffect, useRef } from "preact/hooks";

/**
 * Hears a wheel over an element, and keeps the page from scrolling: Preact's own listeners may be passive ones.
 * @param turn gets where the pointer is within the element, in px.
 */
export function useWheel(
  over: { readonly current: HTMLElement | null },
  turn: (event: WheelEvent, at: { readonly x: number; readonly y: number }) => void,
): void {
  const last = useRef(turn);
  last.current = turn;
  useEffect(() => {
    const element = over.current;
    if (element === null) return;
    const listen = (event: WheelEvent): void => {
      event.preventDefault();
      const { left, top } = element.getBoundingClientRect();
      last.current(event, { x: event.clientX - left, y: event.clientY - top });
    };
    element.addEventListener("wheel", listen, { passive: false });
    return () => element.removeEventListener("wheel", listen);
  }, []);
}
