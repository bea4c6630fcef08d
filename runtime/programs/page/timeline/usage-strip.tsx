import { useEffect, useRef, useState } from "preact/hooks";
import * as store from "../state/store.ts";
import { keepShownUsage, shownUsage } from "../state/usage.ts";
import { travelTo } from "../state/travel.ts";
import { moment as momentText } from "../words.ts";
import { readColors } from "./colors.ts";
import { timeAt } from "./paint.ts";
import { paintUsage, usageAt, usageInWords } from "./usage.ts";
import { gutterOf, type View } from "./view.ts";

/** CPU and memory of the selected process under the lanes, over the same time. */
export function UsageStrip({ view }: { view: View }) {
  const [tip, setTip] = useState<{ x: number; text: string } | null>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    return element === null ? undefined : keepUsagePainted(element, view);
  }, []);
  const place = (event: PointerEvent): { x: number; time: number } | undefined => {
    const { left, width } = (event.currentTarget as Element).getBoundingClientRect();
    const x = event.clientX - left;
    const gutter = gutterOf(width);
    return x < gutter ? undefined : { x, time: timeAt({ window: view.window, width, gutter }, x) };
  };
  const usage = shownUsage.value;
  return (
    <div class="usage-strip">
      <canvas
        ref={canvas}
        role="img"
        aria-label={usageInWords(usage, store.selectedName.value)}
        onPointerMove={(event) => {
          const at = place(event);
          const text = at === undefined ? null : usageAt(usage, at.time);
          if (at === undefined || text === null) return setTip(null);
          const words = `${momentText(at.time, store.now())}  ·  ${text}`;
          setTip({
            x: Math.max(8, Math.min(at.x + 12, event.currentTarget.clientWidth - 300)),
            text: words,
          });
        }}
        onPointerLeave={() => setTip(null)}
        onClick={(event) => {
          const at = place(event as unknown as PointerEvent);
          if (at !== undefined) travelTo(at.time);
        }}
      />
      {tip !== null && (
        <div class="tip" style={{ left: `${tip.x}px`, bottom: "52px" }}>
          {tip.text}
        </div>
      )}
    </div>
  );
}

/** Paints when the window of the time-line has moved, or what is drawn has changed. */
function keepUsagePainted(canvas: HTMLCanvasElement, view: View): () => void {
  const context = canvas.getContext("2d", { alpha: false });
  if (context === null) return () => undefined;
  let colors = readColors(canvas);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const recolor = (): void => {
    colors = readColors(canvas);
    painted = "";
  };
  scheme.addEventListener("change", recolor);
  let { clientWidth: width, clientHeight: height } = canvas;
  const observer = new ResizeObserver(() => {
    width = canvas.clientWidth;
    height = canvas.clientHeight;
    painted = "";
  });
  observer.observe(canvas);
  const keep = keepShownUsage(view);
  let painted = "";
  let usage = shownUsage.peek();
  let frame = 0;
  const turn = (): void => {
    frame = requestAnimationFrame(turn);
    keep.look();
    const { from, to } = view.window;
    const moment = store.moment.peek();
    const ratio = devicePixelRatio;
    const next = `${from} ${to} ${moment} ${width} ${height} ${ratio}`;
    if (next === painted && usage === shownUsage.peek()) return;
    painted = next;
    usage = shownUsage.peek();
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paintUsage({
      context,
      width,
      height,
      gutter: gutterOf(width),
      window: view.window,
      now: store.now(),
      moment,
      colors,
      usage,
    });
  };
  turn();
  return () => {
    cancelAnimationFrame(frame);
    keep.stop();
    observer.disconnect();
    scheme.removeEventListener("change", recolor);
  };
}
