import { statusCodes } from "../../../contract/inspector.ts";

/** The colours of the canvas, read from the style sheet: a canvas knows no variables. */
export interface TimelineColors {
  readonly statuses: readonly string[];
  readonly background: string;
  readonly lane: string;
  readonly selected: string;
  readonly text: string;
  readonly faint: string;
  readonly grid: string;
  readonly mark: string;
  readonly daemon: string;
  readonly moment: string;
  readonly now: string;
  readonly cpu: string;
  readonly memory: string;
}

export function readColors(element: Element): TimelineColors {
  const style = getComputedStyle(element);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    statuses: statusCodes.map((status) => of(`fill-${status}`)),
    background: of("panel"),
    lane: of("lane"),
    selected: of("selected"),
    text: of("text"),
    faint: of("faint"),
    grid: of("grid"),
    mark: of("text"),
    daemon: of("accent"),
    moment: of("moment"),
    now: of("accent"),
    cpu: of("accent"),
    memory: of("status-stopping"),
  };
}
