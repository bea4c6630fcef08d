/** A statechart as data: what it is made of, and where its picture has what. */

/** A machine as a picture needs it: plain data. */
export interface ChartModel {
  readonly id: string;
  readonly states: readonly ChartState[];
  readonly edges: readonly ChartEdge[];
}

export interface ChartState {
  readonly id: string;
  readonly name: string;
  readonly parent: string | null;
  readonly kind: "atomic" | "compound" | "parallel" | "final";
  /** The state a compound begins in. */
  readonly initial: string | null;
  readonly badge: "busy" | "up" | "down" | null;
  /** What it means, in a sentence. */
  readonly description: string;
  readonly lines: readonly ChartLine[];
}

/** What a state does by itself, or without leaving. */
export interface ChartLine {
  readonly kind: "entry" | "exit" | "invoke" | "on";
  readonly text: string;
}

/** All transitions from one state to another. */
export interface ChartEdge {
  readonly source: string;
  readonly target: string;
  readonly labels: readonly ChartLabel[];
}

export interface ChartLabel {
  readonly kind: "event" | "always" | "delay";
  readonly event: string;
  readonly guard: string | null;
  readonly actions: readonly string[];
}

/** A label as one line of text. */
export function textOf({ event, guard, actions }: ChartLabel): string {
  const condition = guard === null ? "" : ` [${guard}]`;
  return `${event}${condition}${actions.length === 0 ? "" : ` / ${actions.join(", ")}`}`;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedState extends Box {
  readonly state: ChartState;
}

export interface PlacedEdge {
  readonly edge: ChartEdge | null;
  readonly points: readonly Point[];
  readonly label: Box | null;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly states: readonly PlacedState[];
  /** Where compounds begin. */
  readonly dots: readonly Point[];
  readonly edges: readonly PlacedEdge[];
}

/** Metrics of the monospace font the picture is drawn in; px. */
export const metrics = {
  titleSize: 12,
  lineSize: 10,
  titleHeight: 30,
  lineHeight: 15,
  labelHeight: 17,
  padding: 12,
  characterOf: (size: number) => size * 0.602,
} as const;

/** A chart as it is kept beside its picture: everything but the machine. */
export interface ChartFile {
  readonly model: ChartModel;
  readonly layout: Layout;
  readonly mermaid: string;
  /** The machine's configuration as Stately Studio imports it. */
  readonly stately: unknown;
}
