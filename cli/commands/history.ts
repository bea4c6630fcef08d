import { plain } from "../../runtime/contract/plain.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import type { HistoryRecordView } from "../../runtime/client/connection/types.ts";
import { statusWord } from "../../runtime/compat/status.ts";
import { parseDuration } from "../../runtime/contract/fields/units.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { targetArgs, xmCommand } from "../call/command.ts";
import { paint } from "../render/colors.ts";
import { formatTime } from "../render/format.ts";
import { resolveTargets } from "../apps/targets.ts";

export default xmCommand({
  name: "history",
  description: "Shows the history: every transition of processes, reloads and daemons",
  args: {
    ...targetArgs,
    lines: { type: "string", description: "Number of records", valueHint: "N", default: "50" },
    since: {
      type: "string",
      description: "Only the last TIME, such as 10m or 2h",
      valueHint: "TIME",
    },
    json: { type: "boolean", description: "One JSON record per line" },
    all: { type: "boolean", description: "Include app and daemon events" },
  },
  run: async ({ args }) => {
    const client = connect();
    const targets = args._.length === 0 ? ["all"] : args._;
    const chosen = await resolveTargets(client, targets);
    const limit = Number(args.lines);
    if (!Number.isInteger(limit) || limit < 1 || limit > mostLines) {
      throw xmError("ERR_USAGE", {
        what: `--lines: expected a whole number up to ${mostLines}, got "${args.lines}"`,
        fix: "for example `--lines 200`",
      });
    }
    const records = await client.history({
      ids: chosen.map(({ id }) => id),
      ...(args.all === true ? {} : { kinds: ["process", "reload", "group", "daemon"] }),
      ...(args.since === undefined ? { limit } : { since: Date.now() - durationOf(args.since) }),
    });
    // An id may have been another process's before.
    const names = new Set(chosen.map(({ name }) => name));
    const groups = new Set(chosen.map(({ group }) => group?.name));
    const own = records.filter(({ kind, name }) => {
      if (kind === "group") return groups.has(name);
      return kind !== "process" || names.has(name);
    });
    const show =
      args.json === true ? (record: HistoryRecordView) => JSON.stringify(record) : render;
    if (own.length > 0) process.stdout.write(`${own.map(show).join("\n")}\n`);
  },
});

/** What the daemon answers at once. */
const mostLines = 10_000;

function durationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw xmError("ERR_USAGE", {
    what: `--since: expected a time, got "${text}"`,
    fix: 'a number of ms, or "90s", "10m", "2h"',
  });
}

function render(record: HistoryRecordView): string {
  const { at, kind, id, generation, status, pid, decision, reload, cause } = record;
  const [name, event, states] = [plain(record.name), plain(record.event), plain(record.states)];
  const time = paint("grey", formatTime(at));
  if (kind === "daemon") return `  ${time}  ${paint("cyan", `daemon ${event}`)}, pid ${pid}`;
  if (kind === "group") {
    const why = record.by === null ? "" : `\n      ${plain(record.by)}`;
    return `  ${time}  ${`${name} (group)`.padEnd(16)} ${event.padEnd(16)} ${states}${why}`;
  }
  if (kind === "god" || kind === "app") {
    const who = kind === "god" ? "God" : `${name} (app)`;
    const about = kind === "god" && name !== "" ? ` ${name}` : "";
    return `  ${time}  ${paint("grey", `${who.padEnd(16)} ${`${event}${about}`.padEnd(16)} ${states}`)}`;
  }
  if (reload !== null) {
    const { by, done, total, failure } = reload;
    const isStep = event.startsWith("reload.");
    const why =
      failure === null || !isStep ? "" : `\n      process ${failure.id}: ${plain(failure.reason)}`;
    const of = isStep || cause?.id == null ? "" : `process ${cause.id}, `;
    return `  ${time}  ${name.padEnd(16)} ${event.padEnd(16)} ${of}${done} of ${total} done, by ${plain(by)}${why}`;
  }
  const who = `${name} (${id})`.padEnd(16);
  const life = generation === 0 ? "" : ` (generation ${generation})`;
  const head = `  ${time}  ${who} ${event.padEnd(16)} ${statusWord(status ?? "stopped").padEnd(16)}`;
  const sentence = decision === null ? "" : `\n      ${plain(decision.sentence)}`;
  return `${head}${pid === null ? "" : ` pid ${pid}`}${life}${revisionText(record)}${sentence}`;
}

function revisionText({ revision }: HistoryRecordView): string {
  if (revision == null) return "";
  const [from, to] = [revision.from, revision.to].map((each) => plain(each ?? "").slice(0, 7));
  return from === "" ? `, at ${to}` : `, went from ${from} to ${to}`;
}
