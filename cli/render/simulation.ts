import type { Simulation, SimulatedEvent } from "../../machines/simulation.ts";
import { statusWord } from "../../runtime/compat/status.ts";
import { paint, statusColors } from "./colors.ts";
import type { RawApp } from "../../runtime/contract/fields/raw-app.ts";

/** Of a run of similar lives, this many are shown at its beginning, and one at its end. */
const shownOfRun = 2;

/** The time-line of a simulation, how it ends, and its policy as an ecosystem file says it. */
export function renderSimulation(told: {
  readonly app: string;
  readonly policy: RawApp;
  readonly simulation: Simulation;
}): string {
  const { events, end } = told.simulation;
  const shown = events.filter(isShown);
  const width = Math.max(0, ...shown.map(({ at }) => since(at).length));
  const lines = runsOf(livesOf(shown)).flatMap((run) => renderRun(run, width));
  return [
    ...lines,
    "",
    paint("bold", end.sentence),
    "",
    paint("grey", "The policy as an ecosystem file:"),
    "",
    renderPolicy(told.app, told.policy),
  ].join("\n");
}

/** `+0.5s`, `+1m30s`, `+1h0m2.25s`. */
export function since(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = `${(ms % 60_000) / 1_000}s`;
  if (hours > 0) return `+${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `+${minutes}m${seconds}` : `+${seconds}`;
}

/** A start is shown by the child that follows it at the same time. */
function isShown({ status, pid, decision }: SimulatedEvent): boolean {
  return status !== "starting" || pid !== undefined || decision !== undefined;
}

/** Each life with its end, which is a decision. */
function livesOf(events: readonly SimulatedEvent[]): SimulatedEvent[][] {
  const lives: SimulatedEvent[][] = [[]];
  for (const event of events) {
    lives.at(-1)?.push(event);
    if (event.decision !== undefined) lives.push([]);
  }
  return lives.filter((life) => life.length > 0);
}

/** Lives that went alike, one after the other. */
function runsOf(lives: readonly SimulatedEvent[][]): SimulatedEvent[][][] {
  const runs: SimulatedEvent[][][] = [];
  let kind = "";
  for (const life of lives) {
    const own = life.map(({ event, status, decision }) => [event, status, decision?.rule]).join();
    if (own === kind) runs.at(-1)?.push(life);
    else runs.push([life]);
    kind = own;
  }
  return runs;
}

function renderRun(run: readonly SimulatedEvent[][], width: number): string[] {
  const render = (lives: readonly SimulatedEvent[][]): string[] =>
    lives.flat().map((event) => renderEvent(event, width));
  const folded = run.slice(shownOfRun, -1);
  if (folded.length < 2) return render(run);
  const indent = " ".repeat(width + 2);
  return [
    ...render(run.slice(0, shownOfRun)),
    paint("grey", `${indent}… ${folded.length} more like this`),
    ...render(run.slice(-1)),
  ];
}

function renderEvent(event: SimulatedEvent, width: number): string {
  const { at, status } = event;
  const time = paint("grey", since(at).padStart(width));
  return `${time}  ${paint(statusColors[status], statusWord(status).padEnd(15))}  ${textOf(event)}`;
}

function textOf({ event, pid, decision }: SimulatedEvent): string {
  if (decision !== undefined) return decision.sentence;
  switch (event) {
    case "child.ready":
      return `pid ${pid} reports that it is ready`;
    case "listenTimeout":
      return `pid ${pid} has not reported ready within listen_timeout; it counts as online`;
    default:
      return `pid ${pid}`;
  }
}

function renderPolicy(app: string, policy: RawApp): string {
  const fields = Object.entries({ name: app, ...policy });
  const lines = fields.map(([field, value]) => `    ${field}: ${JSON.stringify(value)},`);
  return ["  {", ...lines, "  }"].join("\n");
}
