import { connect } from "../../runtime/client/connection/client.ts";
import type { Client, Outcome } from "../../runtime/client/connection/types.ts";
import { messageOf, XmError } from "../../runtime/contract/errors.ts";
import {
  emptyModel,
  press,
  withLine,
  withProcesses,
  type Action,
  type Effect,
  type Model,
} from "./model.ts";
import { rowsOf, type Row } from "./rows.ts";
import { openScreen } from "./screen.ts";

/** Between two looks at CPU and memory, and at a daemon that is away; ms. */
const looksEveryMs = 2_000;
const awayEveryMs = 300;

/** No more often; ms. */
const drawsEveryMs = 80;

const firstLines = 200;

/** Shows the screen until the user quits. All data comes from the daemon, so the screen has no state to lose. */
export async function monitor(): Promise<void> {
  const client = connect({ autostart: false });
  let model: Model = emptyModel;
  let followed: { id: number; abort: AbortController } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let drawn = "";
  const quit = new AbortController();
  const screen = openScreen({
    onKey: (key) => {
      const pressed = press(model, key);
      change(pressed.model);
      if (pressed.effect !== undefined) void perform(pressed.effect);
    },
    onResize: () => {
      drawn = "";
      schedule();
    },
  });
  const draw = (): void => {
    timer = undefined;
    if (quit.signal.aborted) return;
    const rows: Row[] = rowsOf(model, { ...screen.size(), now: Date.now() });
    const now = JSON.stringify(rows);
    if (now === drawn) return;
    drawn = now;
    screen.draw(rows);
  };
  const schedule = (): void => void (timer ??= setTimeout(draw, drawsEveryMs));
  const change = (next: Model): void => {
    if (next === model) return;
    model = next;
    follow();
    schedule();
  };
  /** The logs of the selected one, also over the daemon's death. */
  const follow = (): void => {
    const { selected } = model;
    if (followed?.id === selected || (selected === null && followed === undefined)) return;
    followed?.abort.abort();
    followed = undefined;
    if (selected === null) return;
    const abort = new AbortController();
    followed = { id: selected, abort };
    void readLogs(client, selected, abort.signal, (line) => change(withLine(model, line)));
  };
  const perform = async (effect: Effect): Promise<void> => {
    if (effect.kind === "quit") return quit.abort();
    const message = await act(client, effect.action).catch(messageOf);
    change({ ...model, message });
    await look();
  };
  const look = async (): Promise<void> => {
    try {
      change(withProcesses(model, await client.list({ metrics: true })));
    } catch (error) {
      if (!isAway(error)) throw error;
      change({ ...model, isAway: true });
    }
  };
  const stopSignals = (["SIGTERM", "SIGHUP"] as const).map((signal) => {
    const end = (): void => quit.abort();
    process.on(signal, end);
    return () => process.off(signal, end);
  });
  try {
    while (!quit.signal.aborted) {
      await look();
      // A change of state is seen at once; figures every two seconds.
      await changed(client, quit.signal, model.isAway ? awayEveryMs : looksEveryMs);
    }
  } finally {
    clearTimeout(timer);
    followed?.abort.abort();
    for (const each of stopSignals) each();
    screen.close();
  }
}

/** Waits, and no longer than until something happens. */
async function changed(client: Client, quit: AbortSignal, withinMs: number): Promise<void> {
  const abort = new AbortController();
  const end = (): void => abort.abort();
  quit.addEventListener("abort", end);
  const timer = setTimeout(end, withinMs);
  try {
    for await (const _ of client.events(abort.signal)) break;
    // The stream ended without a word: a daemon that leaves.
  } catch (error) {
    if (!isAway(error) && !abort.signal.aborted) throw error;
    await new Promise<void>((resolve) => {
      if (abort.signal.aborted) return resolve();
      abort.signal.addEventListener("abort", () => resolve());
    });
  } finally {
    clearTimeout(timer);
    abort.abort();
    quit.removeEventListener("abort", end);
  }
}

async function readLogs(
  client: Client,
  id: number,
  signal: AbortSignal,
  onLine: (line: { stream: "out" | "err"; line: string }) => void,
): Promise<void> {
  const query = { ids: [id], lines: firstLines, follow: true, streams: ["out", "err"], from: {} };
  for (let lines = firstLines; !signal.aborted; lines = 0) {
    try {
      for await (const line of client.followLogs({ ...query, lines } as never, signal))
        onLine({ stream: line.stream, line: line.line });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof XmError)) throw error;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, awayEveryMs);
    });
  }
}

/** @returns what it came to, in words. */
async function act(client: Client, { name, id }: Action): Promise<string> {
  const by = "`xm monit`";
  const outcomes =
    name === "reload"
      ? client.reload({ ids: [id], by })
      : client.act({ action: name, ids: [id], by });
  let message = "";
  for await (const line of outcomes) {
    const outcome = line as Partial<Outcome>;
    if (outcome.message !== undefined) message = `${outcome.name ?? ""}: ${outcome.message}`;
  }
  return message;
}

function isAway(error: unknown): boolean {
  return error instanceof XmError && error.class === "unavailable";
}
