import type { HistoryRecordView } from "../connection/types.ts";
import { closeSpan, openSpan, type Span, type TakeTrace } from "./span.ts";

/** How far a process has come in its current life. */
interface Start {
  readonly app: string;
  readonly name: string;
  beganAt: number;
  /** When it had what it depends on, if it waited for that. */
  metAt: number | null;
  waits: boolean;
  /** When it last came to what others wait for: it was online, ready, or completed. */
  cameAt: number | null;
  isFailed: boolean;
}

/** What others can wait for. */
const milestones = new Set(["child.spawned", "child.ready", "probe.ready"]);

/**
 * The start of apps that depend on each other as one trace: each process with its wait and its launch, and the longest chain of
 * waits that the whole took. It is reported when nothing waits any longer; apps that wait for nobody make none.
 * @param dependenciesOf the apps that one depends on.
 */
export function traceStarts(
  dependenciesOf: (app: string) => readonly string[],
  done: TakeTrace,
): (record: HistoryRecordView) => void {
  const starts = new Map<number, Start>();
  const waiters = new Set<Start>();

  const isSettled = ({ waits, cameAt, isFailed }: Start): boolean =>
    isFailed || (!waits && cameAt !== null);
  const finish = (): void => {
    const members = membersOf([...waiters], [...starts.values()], dependenciesOf);
    waiters.clear();
    done(traceOf(members, dependenciesOf));
  };
  return (record) => {
    const { kind, id, app, name, at, status, event, decision, exit } = record;
    if (kind !== "process" || status === null) return;
    let start = starts.get(id);
    // What is spawned without waiting for anything is first told of when it runs.
    const begins = ["pending", "starting"].includes(status) || event === "child.spawned";
    if (begins && (start === undefined || start.cameAt !== null || start.isFailed)) {
      const fresh = { metAt: null, waits: false, cameAt: null, isFailed: false };
      start = { app, name, beganAt: record.startedAt ?? at, ...fresh };
      starts.set(id, start);
    }
    if (start === undefined) return;
    if (status === "pending" && decision?.rule === "waitsForDependencies") {
      start.waits = true;
      waiters.add(start);
    } else if (event === "dependencies.met") {
      start.waits = false;
      start.metAt = at;
    }
    const hasCome = status === "online" && milestones.has(event);
    if (hasCome || status === "completed") start.cameAt = at;
    else if (exit !== null || ["stopped", "errored", "failed", "removed"].includes(status))
      start.isFailed = true;
    if (status === "removed") starts.delete(id);
    if (waiters.size > 0 && [...waiters].every(isSettled)) finish();
  };
}

/** Those that waited, and whom they waited for. */
function membersOf(
  waiters: readonly Start[],
  all: readonly Start[],
  dependenciesOf: (app: string) => readonly string[],
): Start[] {
  const members = new Set(waiters);
  for (const waiter of members) {
    const apps = dependenciesOf(waiter.app);
    for (const each of all) {
      const wasAwaited = each.cameAt !== null && each.cameAt >= waiter.beganAt;
      if (apps.includes(each.app) && wasAwaited) members.add(each);
    }
  }
  return [...members].toSorted((one, other) => one.beganAt - other.beganAt);
}

function traceOf(
  members: readonly Start[],
  dependenciesOf: (app: string) => readonly string[],
): Span {
  const endOf = ({ cameAt, metAt, beganAt }: Start): number => cameAt ?? metAt ?? beganAt;
  const last = members.reduce((one, other) => (endOf(other) > endOf(one) ? other : one));
  const chain = new Set<Start>();
  for (let each: Start | undefined = last; each !== undefined && !chain.has(each);) {
    chain.add(each);
    each = awaitedLast(each, members, dependenciesOf);
  }
  const apps = new Set(members.map(({ app }) => app));
  const [first] = members;
  const root = openSpan(
    apps.size === 1 ? `start of ${first?.app}` : `start of ${apps.size} apps`,
    first?.beganAt ?? 0,
    {
      "xm.apps": [...apps].join(", "),
      "xm.longest_chain": [...chain]
        .toReversed()
        .map(({ name }) => name)
        .join(" > "),
    },
  );
  closeSpan(root, endOf(last));
  for (const member of members) {
    const { name, app, beganAt, metAt, isFailed } = member;
    const span = openSpan(`start of ${name}`, beganAt, {
      "xm.app": app,
      "xm.on_longest_chain": chain.has(member),
    });
    closeSpan(span, endOf(member));
    if (metAt !== null) {
      const wait = openSpan("wait for dependencies", beganAt);
      closeSpan(wait, metAt);
      const launch = openSpan("launch", metAt);
      closeSpan(launch, endOf(member));
      span.children.push(wait, launch);
    }
    if (isFailed) span.error = root.error = `${name} was not started`;
    root.children.push(span);
  }
  return root;
}

/** The one whose coming ended its wait. */
function awaitedLast(
  { app, metAt }: Start,
  members: readonly Start[],
  dependenciesOf: (app: string) => readonly string[],
): Start | undefined {
  if (metAt === null) return undefined;
  const apps = dependenciesOf(app);
  return members
    .filter((each) => apps.includes(each.app) && each.cameAt !== null)
    .toSorted((one, other) => (one.cameAt ?? 0) - (other.cameAt ?? 0))
    .at(-1);
}
