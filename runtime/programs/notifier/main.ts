import { mkdirSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { NotifyEvent, NotifySpec } from "../../../machines/notify-spec.ts";
import { errnoOf } from "../../contract/errors.ts";
import type { HistoryRecord } from "../../contract/history.ts";
import type { Notice, NotifiedApp, NotifierOrder } from "../../contract/notify.ts";
import { plain } from "../../contract/plain.ts";
import { masked } from "../../contract/secrets.ts";
import { onLines } from "../../host/lines.ts";
import { send } from "../../host/notify/send.ts";
import { eventsOf, seenAfter, sentenceOf, type Before } from "./classify.ts";
import { watchDisk } from "./disk.ts";
import { openKept } from "./kept.ts";
import { createOutbox } from "./outbox.ts";
import { followRecords } from "./records.ts";

/*
 * The notifier: `node notifier.cjs FOLDER SOCKET`. God starts it when an app has `notify`, tells it the rules of all apps on
 * its input, and waits for nothing of it. It follows the history from the record where it (or the one before it) stopped, and
 * ends with God.
 */

/** Records are gathered for this long, and read after the rules that were on their way with them; ms. */
const gatherMs = 50;

/** How often the place in the history is written while nothing is sent; ms. */
const cursorEveryMs = 5_000;

/** Lines of a notice. */
const mostLines = 20;

const [folder = "", socket = ""] = process.argv.slice(2);

function tell(line: string): void {
  try {
    writeSync(1, `${plain(line)}\n`);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

process.umask(0o077);
mkdirSync(folder, { recursive: true, mode: 0o700 });
process.title = `xm notifier (${folder})`;
for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.on(signal, () => {});

const { kept, save } = openKept(folder, tell);
/** Those of now, and those that were: what waits for one of them is sent all the same. */
let apps = new Map<string, NotifiedApp>();
const known = new Map<string, NotifiedApp>();
const seen = new Map<string, Before>();
let gathered: HistoryRecord[] = [];
let timer: NodeJS.Timeout | undefined;
let saving: NodeJS.Timeout | undefined;
let isBegun = false;

const outbox = createOutbox({
  kept,
  save,
  tell,
  now: Date.now,
  wake: () => wakeIn(0),
  send: ({ app, target }, message) =>
    send(target, message, { variables: known.get(app)?.variables ?? {} }),
});

/** Nobody is to be told any more, and what was to be told is sent. */
function leaveIfIdle(): void {
  if (isBegun && apps.size === 0 && outbox.isIdle()) process.exit(0);
}

function wakeIn(ms: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    leaveIfIdle();
    const nextMs = outbox.pump();
    if (Number.isFinite(nextMs)) wakeIn(Math.max(1, nextMs));
  }, ms);
}

function noticeOf(record: HistoryRecord, event: NotifyEvent, app: NotifiedApp): Notice {
  const { seq, at, id, exit, reload, restarts, kind } = record;
  const words = exit?.lastWords ?? reload?.failure?.lastWords ?? [];
  const hidden = (text: string): string => masked(plain(text), app.secrets);
  return {
    id: `${seq}-${event}`,
    event,
    at,
    host: hostname(),
    app: app.name,
    namespace: app.namespace,
    process: kind === "process" ? id : null,
    sentence: hidden(sentenceOf(event, record)),
    exit: exit && { code: exit.code, signal: exit.signal, uptimeMs: exit.uptimeMs },
    restarts,
    lines: words.slice(-mostLines).map(hidden),
  };
}

/** The cursor and what follows from the records before it are written in one piece. */
function look(): void {
  const records = gathered;
  gathered = [];
  let isOffered = false;
  for (const record of records) {
    kept.cursor = record.seq;
    const key = `${record.id}.${record.generation}`;
    const events = eventsOf(record, seen.get(key));
    if (record.kind === "process") {
      if (record.status === "removed") seen.delete(key);
      else seen.set(key, seenAfter(record, seen.get(key)));
    }
    const app = apps.get(record.app);
    for (const event of app === undefined ? [] : events) {
      for (const rule of app?.rules ?? []) {
        if (app === undefined || !rule.on.includes(event)) continue;
        outbox.offer(app.key, rule, noticeOf(record, event, app));
        isOffered = true;
      }
    }
  }
  if (isOffered) {
    save();
    wakeIn(0);
  } else saving ??= setTimeout(saveCursor, cursorEveryMs);
}

/** Records without a notice are read once more after a kill, without harm. */
function saveCursor(): void {
  saving = undefined;
  save();
}

/** One notice for each target, however many apps name it. */
function tellOfDisk(leftBytes: number): void {
  const told = new Set<string>();
  const wants = (rule: NotifySpec): boolean => rule.on.includes("disk_full");
  for (const app of apps.values()) {
    for (const rule of app.rules.filter(wants)) {
      const target = JSON.stringify(rule.target);
      if (told.has(target)) continue;
      told.add(target);
      outbox.offer(app.key, rule, {
        id: `disk-${Date.now()}`,
        event: "disk_full",
        at: Date.now(),
        host: hostname(),
        app: "xm",
        namespace: "",
        process: null,
        sentence: `The disk of ${join(folder, "..")} is full: ${Math.floor(leftBytes / 1024)} KB are left.`,
        exit: null,
        restarts: 0,
        lines: [],
      });
    }
  }
  save();
  wakeIn(0);
}

function obey(order: NotifierOrder): void {
  apps = new Map(order.apps.map((app) => [app.key, app]));
  for (const app of order.apps) known.set(app.key, app);
  leaveIfIdle();
  if (isBegun) return;
  isBegun = true;
  // A history that was removed begins at 1 again.
  const cursor = Math.max(kept.cursor ?? order.from ?? order.last, order.from ?? 0);
  kept.cursor = Math.min(cursor, order.last);
  save();
  wakeIn(0);
  followRecords({
    socket,
    from: () => gathered.at(-1)?.seq ?? kept.cursor ?? 0,
    take: (record) => {
      if (gathered.length === 0) setTimeout(look, gatherMs);
      gathered.push(record);
    },
  });
  watchDisk(folder, tellOfDisk);
}

onLines(process.stdin, (line) => obey(JSON.parse(line) as NotifierOrder));
// God has gone. What is underway is sent once more by the next notifier.
process.stdin.on("close", () => process.exit(0));
process.stdin.on("error", () => {});
