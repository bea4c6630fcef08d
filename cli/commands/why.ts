import { plain } from "../../runtime/contract/plain.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import type {
  Client,
  HistoryRecordView,
  ProcessDetail,
} from "../../runtime/client/connection/types.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { statusWord } from "../../runtime/compat/status.ts";
import { targetArgs, xmCommand } from "../call/command.ts";
import { causeTree } from "../apps/cause-tree.ts";
import { detailsOf } from "../apps/one-process.ts";
import { renderTree } from "../render/cause-tree.ts";
import { paint } from "../render/colors.ts";
import { formatTime } from "../render/format.ts";
import { meaningRows } from "../render/exit-meaning.ts";
import { groupWords } from "../render/groups.ts";
import { quoted } from "../render/last-words.ts";
import { duration } from "../../machines/lib/words.ts";

export default xmCommand({
  name: "why",
  description: "Explains a process's state, with its last ten decisions",
  args: {
    ...targetArgs,
    tree: { type: "boolean", description: "What moved it last, back through other apps" },
    json: { type: "boolean", description: "With --tree: as JSON" },
  },
  run: async ({ args }) => {
    const client = connect();
    if (args.json === true && args.tree !== true)
      throw xmError("ERR_USAGE", {
        what: "--json: only --tree has a JSON form",
        fix: "`xm why NAME --tree --json`, or `xm jlist` for everything about processes",
      });
    const details = await detailsOf(client, args._);
    if (args.tree === true) return showTrees(client, details, args.json === true);
    const ids = details.map(({ id }) => id);
    const records = await client.history({ ids, kinds: ["reload"] });
    const texts = await Promise.all(
      details.map(async (detail) =>
        [
          explain(detail),
          ...(await earlierWords(client, detail)),
          ...groupWords(detail),
          ...troublesOf(detail),
          ...failedReload(detail, records),
        ].join("\n\n"),
      ),
    );
    process.stdout.write(`${texts.join("\n\n")}\n`);
  },
});

async function showTrees(
  client: Client,
  details: readonly ProcessDetail[],
  isJson: boolean,
): Promise<void> {
  const trees = await Promise.all(
    details.map(async (detail) => ({ detail, tree: await causeTree(client, detail) })),
  );
  const text = isJson
    ? JSON.stringify(trees.map(({ detail: { id, name }, tree }) => ({ id, name, tree })))
    : trees
        .map(({ detail, tree }) => (tree === null ? explain(detail) : renderTree(tree)))
        .join("\n\n");
  process.stdout.write(`${text}\n`);
}

/** Moments of a process that are looked through for the end of an earlier life. */
const lookedThrough = 500;

/** The last words of the last life that ended by itself: those of a stopped life explain no crash. */
async function earlierWords(client: Client, detail: ProcessDetail): Promise<string[]> {
  const { id, lastExit } = detail;
  if (lastExit === null || lastExit.lastWords !== undefined) return [];
  const records = await client.history({ ids: [id], kinds: ["process"], limit: lookedThrough });
  const exit = ownOf(records).findLast((each) => each.exit?.lastWords !== undefined)?.exit;
  if (exit?.lastWords === undefined) return [];
  const when = `  The last words of an earlier life, which ended ${formatTime(exit.at)}:`;
  return [[paint("grey", when), ...quoted(exit.lastWords)].join("\n")];
}

/** Without those of a process that had the id before: it ended where no generation was left. */
function ownOf(records: readonly HistoryRecordView[]): readonly HistoryRecordView[] {
  const there = new Set<number>();
  let first = 0;
  for (const [index, { generation, status }] of records.entries()) {
    if (status !== "removed") there.add(generation);
    else if (there.delete(generation) && there.size === 0) first = index + 1;
  }
  return records.slice(first);
}

/** Sensors that cannot do their work: what would restart it does not. */
function troublesOf({ troubles }: ProcessDetail): string[] {
  return troubles.map(({ sensor, reason }) => paint("yellow", `  ${sensor}: ${reason}.`));
}

/** The last reload of its app, if it failed: what runs is not what was meant to run. */
function failedReload({ app }: ProcessDetail, records: readonly HistoryRecordView[]): string[] {
  const last = records.findLast((each) => each.app === app);
  if (last?.reload?.failure == null || last.event !== "reload.failed") return [];
  const { by, failure } = last.reload;
  const who = `the replacement of process ${failure.id}`;
  const sentence = `  The last reload (${plain(by)}, ${formatTime(last.at)}) failed: ${who}: ${plain(failure.reason)}.`;
  return [[paint("yellow", sentence), ...quoted(failure.lastWords ?? [])].join("\n")];
}

function explain(detail: ProcessDetail): string {
  const { id, status, decisions, failure, lastExit } = detail;
  const name = plain(detail.name);
  const latest = decisions.at(-1);
  const head = `${paint("bold", name)} (id ${id}) is ${statusWord(status)}.${awaited(detail)}${hookOf(detail)}`;
  const health = healthOf(detail);
  if (latest === undefined && health !== "") return `${head}${health}`;
  if (latest === undefined)
    return `${head} It has never exited, so nothing was decided.${late(detail)}`;
  const lines = decisions.toReversed().map(({ at, rule, next, saw }) => {
    const values = Object.entries(saw).map(([key, value]) => `${key} ${value}`);
    const seen = values.length === 0 ? "" : paint("grey", ` (${plain(values.join(", "))})`);
    return `  ${paint("grey", formatTime(at))}  ${paint("magenta", plain(rule))} → ${plain(next)}${seen}`;
  });
  const logs =
    failure === null
      ? `its last lines: xm logs ${name} --nostream --err`
      : `fix it, then: xm restart ${name}`;
  const isBackground = failure === null && lastExit?.backgroundPid !== undefined;
  const words = failure === null ? quoted(lastExit?.lastWords ?? []) : [];
  return [
    status === "pending" && detail.waitsFor.length > 0
      ? head
      : `${head}${health} ${plain(latest.sentence)}${late(detail)}`,
    ...words,
    ...meaningRows(detail),
    ...(isBackground ? ["", `  ${paint("yellow", foreground(detail))}`] : []),
    "",
    ...lines,
    "",
    paint("grey", `  ${logs}`),
  ].join("\n");
}

/** What its probes say. */
function healthOf({ health, finding, outOfTraffic }: ProcessDetail): string {
  if (health === null) return "";
  const found = health === "unhealthy" && finding !== null ? ` (${plain(finding)})` : "";
  const traffic = outOfTraffic ? " The other processes of its cluster take its connections." : "";
  return ` It is ${health === "starting" ? "not known yet whether it is healthy" : health}${found}.${traffic}`;
}

/** The hook that runs now. */
function hookOf({ hook }: ProcessDetail): string {
  if (hook == null) return "";
  return ` Its ${hook.name} hook has been running for ${duration(Date.now() - hook.since)}.`;
}

/** What it waits for now, which may be less than when the wait began. */
function awaited({ status, waitsFor }: ProcessDetail): string {
  if (status !== "pending") return "";
  if (waitsFor.length === 0) return " It waits for its turn in its group.";
  const each = waitsFor.map(({ app, condition, state }) => `${app} (${condition}) is ${state}`);
  return ` It waits for ${waitsFor.map(({ app }) => plain(app)).join(", ")}: ${plain(each.join("; "))}.`;
}

/** That it runs says nothing of whether it can serve. */
function late({ status, readiness, spec, name }: ProcessDetail): string {
  if (status !== "online" || readiness !== "late") return "";
  return spec.policy.readiness === "listening"
    ? ` It has not listened on any port; its error log may show why: xm logs ${plain(name)} --nostream --err`
    : " It has not reported that it is ready.";
}

/** Only the main process is supervised: a program that detaches from it cannot be. */
function foreground({ name, spec }: ProcessDetail): string {
  const fate = spec.killsTree
    ? "its background process was ended with it"
    : "its background process keeps running, unsupervised (treekill: false)";
  return `${plain(name)} runs itself in the background: ${fate}. Make it run in the foreground, as with \`nginx -g "daemon off;"\` or \`redis-server --daemonize no\`.`;
}
