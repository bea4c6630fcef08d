import type { Explanation } from "./explain.ts";

/** An explanation and its position; a negative `y` is counted from the bottom. */
export interface PlacedExplanation extends Explanation {
  readonly x: number;
  readonly y: number;
}

/** The explanation of a part of the chart under the pointer. */
export function Tip({ title, kind, text: words, lines, x, y }: PlacedExplanation) {
  return (
    <div
      class="tip"
      role="tooltip"
      style={y < 0 ? { left: `${x}px`, bottom: `${-y + 12}px` } : { left: `${x}px`, top: `${y}px` }}
    >
      <p class="tip-title">
        <b>{title}</b> <span class="faint">{kind}</span>
      </p>
      {words !== "" && <p>{words}</p>}
      {lines.map(({ name, text }) => (
        <p key={name}>
          <code>{name}</code> {text}
        </p>
      ))}
    </div>
  );
}
