import type {
  Client,
  HistoryRecordView,
  ProcessDetail,
} from "../../runtime/client/connection/types.ts";

type Decision = ProcessDetail["decisions"][number];
type Cause = NonNullable<Decision["cause"]>;

/** What has happened to one process, and what has brought it about. */
export interface Link {
  readonly app: string;
  readonly name: string;
  readonly id: number;
  /** ms since the epoch. */
  readonly at: number;
  /** `restarted`, `stopped`, `errored` … */
  readonly what: string;
  readonly rule: string | null;
  readonly sentence: string;
  /** Who asked, or what tripped, in words; `null` for an end of its own. */
  readonly by: string | null;
  /** What of another process is behind it. */
  readonly cause: Link | null;
}

/** Decisions that move nothing. */
const still = ["waitsForDependencies", "hasItsDependencies", "skipsRun", "ignoresFailedHook"];

const words: Readonly<Record<string, string>> = {
  start: "restarted",
  wait: "restarted",
  hold: "restarted",
  stop: "stopped",
  "give up": "errored",
  complete: "completed",
  fail: "failed",
  remove: "deleted",
};

/** More than this is a circle. */
const mostLinks = 50;

/** A record of another clock may be off by this much; ms. */
const slackMs = 1_000;

/** What has moved a process last, back to its beginning; `null` when nothing has. */
export async function causeTree(client: Client, detail: ProcessDetail): Promise<Link | null> {
  const last = detail.decisions.findLast(({ rule }) => !still.includes(rule));
  if (last === undefined) return null;
  return linkOf(client, detail, last, mostLinks);
}

async function linkOf(
  client: Client,
  { app, name, id }: Pick<Link, "app" | "name" | "id">,
  decision: Decision,
  left: number,
): Promise<Link> {
  const { at, rule, next, sentence, cause, exit, saw } = decision;
  const asked = exit?.askedBy ?? saw["askedBy"];
  return {
    app,
    name,
    id,
    at,
    what: words[next] ?? next,
    rule,
    sentence,
    by: typeof asked === "string" ? asked : null,
    cause: cause === undefined || left === 0 ? null : await linkTo(client, cause, left - 1),
  };
}

/** The history knows what was decided there; it may no longer reach back so far. */
async function linkTo(client: Client, cause: Cause, left: number): Promise<Link> {
  const { app, id, at } = cause;
  const records = await client.history({ ids: [id], kinds: ["process", "reload"] });
  const own = records.filter((each) => each.kind === "process" && each.app === app);
  const name = own.at(-1)?.name ?? app;
  const decision = nearest(own, at);
  if (decision !== null) return linkOf(client, { app, name, id }, decision, left);
  const reload = records.findLast(
    (each) =>
      each.kind === "reload" &&
      each.app === app &&
      each.at <= at + slackMs &&
      each.reload?.ids.includes(id) === true,
  );
  const by = reload?.reload?.by ?? null;
  const sentence =
    by === null ? "The history does not reach back so far." : `Replaced by a reload (${by}).`;
  return {
    app,
    name,
    id,
    at,
    what: by === null ? "changed" : "replaced",
    rule: null,
    sentence,
    by,
    cause: null,
  };
}

/** The decision about what happened then. */
function nearest(records: readonly HistoryRecordView[], at: number): Decision | null {
  const found = records.flatMap(({ decision }) =>
    decision === null || still.includes(decision.rule) ? [] : [decision],
  );
  const distance = ({ at: own, exit }: Decision): number =>
    Math.min(Math.abs(own - at), exit === null ? Infinity : Math.abs(exit.at - at));
  const [closest] = found.toSorted((a, b) => distance(a) - distance(b));
  return closest !== undefined && distance(closest) <= slackMs ? closest : null;
}
