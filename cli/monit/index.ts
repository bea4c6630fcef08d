import { connect } from "../../runtime/client/connection/client.ts";
import type { Client, HistoryRecordView, Outcome } from "../../runtime/client/connection/types.ts";
import { messageOf } from "../../runtime/contract/errors.ts";
import { readLog, readMoments, startFeed } from "./feed.ts";
import { press } from "./keys.ts";
import { mostLines, withLines } from "./log-lines.ts";
import {
  emptyModel,
  withMoments,
  withProcesses,
  withRecords,
  withUsage,
  type Action,
  type Effect,
  type Model,
  type Pressed,
} from "./model.ts";
import { clicked } from "./mouse.ts";
import { drawn, type Place } from "./rows.ts";
import { openScreen } from "./screen.ts";

/** No more often, for what the daemon says and for keys; ms. */
const drawsEveryMs = 100;
const drawsKeysWithinMs = 15;

/** Shows the screen until the user quits. All data comes from the daemon, so the screen has no state to lose. */
export async function monitor(): Promise<void> {
  const client = connect({ autostart: false });
  let model: Model = emptyModel;
  let places: readonly (Place | undefined)[] = [];
  let followed: { id: number; abort: AbortController } | undefined;
  /** What has come since the last frame. */
  let lines: { stream: "out" | "err"; line: string }[] = [];
  let records: HistoryRecordView[] = [];
  let timer: NodeJS.Timeout | undefined;
  let drawnAt = 0;
  const quit = new AbortController();

  const draw = (): void => {
    timer = undefined;
    if (quit.signal.aborted) return;
    drawnAt = performance.now();
    take();
    const next = drawn(model, { ...screen.size(), now: Date.now() });
    ({ places } = next);
    screen.draw(next.rows);
  };
  /** Takes what has come; the selection may follow from it. */
  const take = (): void => {
    const [newLines, newRecords] = [lines, records];
    [lines, records] = [[], []];
    if (newRecords.length > 0) model = withRecords(model, newRecords);
    if (newLines.length > 0 && followed?.id === model.selected) model = withLines(model, newLines);
    follow();
  };
  const schedule = (withinMs: number): void => {
    timer ??= setTimeout(draw, Math.max(0, withinMs - Math.max(0, performance.now() - drawnAt)));
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = undefined;
    schedule(drawsKeysWithinMs);
  };
  const change = (next: Model): void => {
    if (next === model) return;
    model = next;
    follow();
    schedule(drawsEveryMs);
  };
  /** The log and the past of the selected one. */
  const follow = (): void => {
    const { selected } = model;
    if (followed?.id === selected || (selected === null && followed === undefined)) return;
    followed?.abort.abort();
    followed = undefined;
    lines = [];
    if (selected === null) return;
    const abort = new AbortController();
    followed = { id: selected, abort };
    void readLog(client, selected, abort.signal, (line) => {
      if (abort.signal.aborted) return;
      lines.push({ stream: line.stream, line: line.line });
      if (lines.length > 2 * mostLines) lines = lines.slice(-mostLines);
      schedule(drawsEveryMs);
    });
    readMoments(client, selected)
      .then((moments) => change(withMoments(model, selected, moments)))
      // A daemon that is away is shown already.
      .catch(() => {});
  };
  const perform = async (effect: Effect): Promise<void> => {
    if (effect.kind === "quit") return quit.abort();
    if (effect.kind === "mouse") return screen.setMouse(effect.isOn);
    const message = await act(client, effect.action).catch(messageOf);
    change({ ...model, message });
    await feed.look();
  };
  const took = ({ model: next, effect }: Pressed): void => {
    feed.touch();
    change(next);
    soon();
    if (effect !== undefined) void perform(effect);
  };
  const screen = openScreen({
    onKey: (key) => took(press(model, key)),
    onMouse: (name, row) => took({ model: clicked(model, name, places[row]) }),
    onResize: soon,
  });
  const feed = startFeed(
    client,
    {
      onProcesses: (list) => change(withProcesses(model, list)),
      onRecord: (record) => {
        records.push(record);
        schedule(drawsEveryMs);
      },
      onUsage: (views) => change(withUsage(model, views, Date.now())),
      onAway: () => change(model.isAway ? model : { ...model, isAway: true }),
    },
    quit.signal,
  );
  const stopSignals = (["SIGTERM", "SIGHUP"] as const).map((signal) => {
    const end = (): void => quit.abort();
    process.on(signal, end);
    return () => process.off(signal, end);
  });
  try {
    await feed.ended;
  } finally {
    quit.abort();
    clearTimeout(timer);
    followed?.abort.abort();
    for (const each of stopSignals) each();
    screen.close();
  }
}

/** @returns what it came to, in words: the last outcome, and how many there were. */
async function act(client: Client, { name, ids }: Action): Promise<string> {
  const by = "`xm monit`";
  const outcomes =
    name === "reload"
      ? client.reload({ ids: [...ids], by })
      : client.act({ action: name, ids: [...ids], by });
  let message = "";
  let count = 0;
  for await (const line of outcomes) {
    const outcome = line as Partial<Outcome>;
    if (outcome.message === undefined) continue;
    count += 1;
    message = `${outcome.name ?? ""}: ${outcome.message}`;
  }
  return count > 1 ? `${name}: ${count} processes; ${message}` : message;
}
