import { metrics, type Layout, type PlacedEdge } from "../../../charts/chart.ts";
import { duration } from "../../../../machines/lib/words.ts";
import type {
  GuardReading,
  MachineStep,
  MachineView,
  PendingDelay,
} from "../../../contract/inspector.ts";
import { ratioOf } from "../moment/guards.ts";
import { leavesOf } from "../moment/states.ts";
import { isTaken, labelTaken } from "./taken.ts";

const svgNamespace = "http://www.w3.org/2000/svg";

/**
 * Shows on a drawn chart where its machine is: states lit, edges that lead on open, the edges taken last, what each
 * guard said last, and a place for the countdown of each delay.
 * @param root what `drawLiveChart` was put into.
 */
export function light(root: SVGGElement, layout: Layout, view: MachineView | null): void {
  const states = new Set(view?.states ?? []);
  const leaves = new Set(leavesOf([...states]));
  for (const element of root.querySelectorAll<SVGGElement>("[data-state]")) {
    const id = element.dataset["state"] ?? "";
    const isLit = states.has(id);
    element.classList.toggle("lit", isLit);
    element.classList.toggle("leaf", leaves.has(id));
    element.setAttribute("tabindex", leaves.has(id) ? "0" : "-1");
    // The mark says it without colour.
    const title = element.querySelector("text");
    const name = id.split(".").at(-1) ?? id;
    if (title !== null) title.textContent = leaves.has(id) ? `● ${name}` : name;
  }
  for (const element of root.querySelectorAll<SVGElement>("[data-edge]")) {
    const placed = layout.edges[Number(element.dataset["edge"])];
    const label = element.dataset["label"];
    const isOpen = placed?.edge != null && states.has(placed.edge.source);
    const isOfTaken =
      placed?.edge != null &&
      (label === undefined
        ? isTaken(placed.edge, view?.steps ?? [])
        : labelTaken(placed.edge, Number(label), view?.steps ?? []));
    element.classList.toggle("open", isOpen);
    element.classList.toggle("taken", isOfTaken);
    if (label !== undefined) element.setAttribute("tabindex", isOpen || isOfTaken ? "0" : "-1");
  }
  root.querySelector(".readings")?.remove();
  const readings = document.createElementNS(svgNamespace, "g");
  readings.setAttribute("class", "readings");
  for (const placed of layout.edges) {
    for (const guard of view?.guards ?? []) {
      drawReading(readings, placed, guard, { states, steps: view?.steps ?? [] });
    }
    for (const delay of view?.delays ?? []) drawCountdown(readings, placed, delay);
  }
  root.append(readings);
}

/** The edges taken last run once from their source to their target. */
export function runTaken(root: SVGGElement): void {
  for (const path of root.querySelectorAll<SVGPathElement>("path.edge.taken")) {
    path.animate([{ strokeDashoffset: 110 }, { strokeDashoffset: 0 }], { duration: 1_400 });
  }
}

/** Tells how much of each delay is left. */
export function tick(root: SVGGElement, now: number): void {
  for (const element of root.querySelectorAll<SVGGElement>("[data-due]")) {
    const due = Number(element.dataset["due"]);
    const began = Number(element.dataset["began"]);
    const left = Math.max(0, due - now);
    const text = element.querySelector("text");
    if (text !== null) text.textContent = left === 0 ? "now" : duration(left);
    const share = due > began ? Math.min(1, left / (due - began)) : 0;
    const width = Number(element.dataset["width"]);
    element.querySelector(".left")?.setAttribute("width", String(Math.max(0, width * share)));
  }
}

function drawReading(
  into: SVGGElement,
  { edge, label }: PlacedEdge,
  reading: GuardReading,
  {
    states,
    steps,
  }: { readonly states: ReadonlySet<string>; readonly steps: readonly MachineStep[] },
): void {
  edge?.labels.forEach(({ guard }, index) => {
    if (guard !== reading.guard || label === null) return;
    // A guard of two edges may have been asked again since it let the machine pass by this one.
    const holds = reading.result || labelTaken(edge, index, steps);
    // `exited` takes no time: the result of its rules is shown at their target.
    const compared = holds === reading.result ? ratioOf(reading) : "";
    const text = `${holds ? "✓" : "✗"}${compared === "" ? "" : ` ${compared}`}`;
    const isOld = !holds && !states.has(edge.source) && compared === "";
    const kind = `${holds ? "holds" : "fails"}${isOld ? " old" : ""}`;
    drawBadge(into, { edge, label, index, text, kind });
  });
}

function drawCountdown(into: SVGGElement, { edge, label }: PlacedEdge, delay: PendingDelay): void {
  edge?.labels.forEach(({ kind, event }, index) => {
    if (kind !== "delay" || event !== delay.delay || label === null) return;
    if (edge.source !== delay.state && !edge.source.startsWith(`${delay.state}.`)) return;
    const badge = drawBadge(into, { edge, label, index, text: "00.0 min", kind: "countdown" });
    badge.dataset["due"] = String(delay.dueAt);
    badge.dataset["began"] = String(delay.startedAt);
  });
}

/** A small badge at the right end of a label. */
function drawBadge(
  into: SVGGElement,
  badge: {
    readonly edge: NonNullable<PlacedEdge["edge"]>;
    readonly label: NonNullable<PlacedEdge["label"]>;
    readonly index: number;
    readonly text: string;
    readonly kind: string;
  },
): SVGGElement {
  const { edge, label, index, text, kind } = badge;
  const own = edge.labels[index];
  const effects =
    own === undefined || own.actions.length === 0 ? "" : ` / ${own.actions.join(", ")}`;
  const mark = own?.kind === "event" ? "" : "▮ ";
  const guard = own?.guard === null || own === undefined ? "" : ` [${own.guard}]`;
  const pill = `${mark}${own?.event ?? ""}${guard}${effects}`.length;
  const half = (pill * metrics.characterOf(metrics.lineSize) + 14) / 2;
  const x = label.x + label.width / 2 + half - 4;
  const y = label.y + index * metrics.labelHeight + 1;
  const width = text.length * metrics.characterOf(metrics.lineSize) + 12;
  const group = document.createElementNS(svgNamespace, "g");
  group.setAttribute("class", `reading ${kind}`);
  group.dataset["width"] = String(width);
  const box = rect({ x, y, width, height: 15, rx: 7.5 });
  group.append(box);
  if (kind === "countdown") {
    const left = rect({ x, y, width, height: 15, rx: 7.5 });
    left.setAttribute("class", "left");
    group.append(left);
  }
  const words = document.createElementNS(svgNamespace, "text");
  words.setAttribute("x", String(x + width / 2));
  words.setAttribute("y", String(y + 11));
  words.setAttribute("font-size", String(metrics.lineSize));
  words.setAttribute("text-anchor", "middle");
  words.textContent = text;
  group.append(words);
  into.append(group);
  return group;
}

function rect(at: Readonly<Record<string, number>>): SVGRectElement {
  const element = document.createElementNS(svgNamespace, "rect");
  for (const [name, value] of Object.entries(at)) element.setAttribute(name, String(value));
  return element;
}
