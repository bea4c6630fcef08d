import { duration } from "../../machines/lib/words.ts";
import type { AppSpec } from "../../machines/spec.ts";
import type { SeenTimes } from "../../runtime/client/advise/index.ts";
import { statusWord } from "../../runtime/compat/status.ts";
import { plain } from "../../runtime/contract/plain.ts";
import { assumed } from "../../runtime/plan/behaviour.ts";
import type { Hypothesis, KnownTimes, Moment, Plan } from "../../runtime/plan/index.ts";
import { saysReady } from "../apps/plan-flags.ts";
import { paint, statusColors } from "./colors.ts";
import { since } from "./simulation.ts";

/** What a plan takes for granted of one app, and where that is from. */
interface Taken {
  readonly times: KnownTimes;
  /** `boots in 2.5 s (median of 12 starts)` */
  readonly words: readonly string[];
}

interface About {
  readonly file: string;
  readonly specs: readonly AppSpec[];
  readonly times: ReadonlyMap<string, Taken>;
}

const verbs = { bootMs: "ready after", runMs: "runs for", stopMs: "exits after" } as const;

/** The times of each app: as the call gives them, else as its history has them, else assumed. */
export function takenFor(
  specs: readonly AppSpec[],
  known: {
    readonly wanted: ReadonlyMap<string, KnownTimes>;
    readonly seen: ReadonlyMap<string, SeenTimes>;
  },
): Map<string, Taken> {
  return new Map(
    specs.map((spec) => {
      const { name, policy } = spec;
      const wanted = known.wanted.get(name) ?? {};
      const seen = known.seen.get(name);
      const isJob = policy.restart.job !== undefined;
      const fields = [
        ...(saysReady(spec) ? (["bootMs"] as const) : []),
        ...(isJob ? (["runMs"] as const) : []),
        "stopMs" as const,
      ];
      const taken = fields.map((field) => {
        const [ms, from] =
          wanted[field] !== undefined
            ? [wanted[field], "as given"]
            : seen?.[field] !== undefined
              ? [
                  seen[field],
                  `median of its history, ${seen.starts === 1 ? "1 start" : `${seen.starts} starts`}`,
                ]
              : [assumed[field], "assumed"];
        return { field, ms, words: `${verbs[field]} ${duration(ms)} (${from})` };
      });
      const times = Object.fromEntries(taken.map(({ field, ms }) => [field, ms]));
      return [name, { times, words: taken.map(({ words }) => words) }];
    }),
  );
}

/** A plan for people: what happens when, what waits for what, and what happens if something does not come. */
export function renderPlan(plan: Plan, about: About): string {
  const { action, moments, waits, chain, hypotheses } = plan;
  const shown = moments.filter(isShown);
  const chainText = chain
    .map(({ app, fromMs, toMs }) =>
      toMs === fromMs ? plain(app) : `${plain(app)} ${duration(toMs - fromMs)}`,
    )
    .join(" → ");
  const sections = [
    [paint("bold", `Plan: xm ${action} ${plain(about.file)}`)],
    renderTaken(plan, about),
    renderMoments(shown, about.specs),
    [
      ...waits.map((wait) => {
        const ms =
          wait.toMs === null ? ", and is not started" : `: ${duration(wait.toMs - wait.fromMs)}`;
        return `${plain(wait.app)} waits for ${wait.for.map(plain).join(", ")}${ms}`;
      }),
      ...(chain.length < 2
        ? []
        : [`Longest chain: ${duration(chain.at(-1)?.toMs ?? 0)} (${chainText})`]),
      answerLine(plan, plan),
    ],
    ...hypotheses.map((each) => renderHypothesis(each, plan)),
    ...plan.findings.map(renderFinding),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

/** Times of which the plan makes no use are left out. */
function renderTaken({ action }: Plan, { specs, times }: About): string[] {
  const lines = specs.flatMap(({ name }) => {
    const words = times.get(name)?.words ?? [];
    const used = words.filter((text) => action !== "start" || !text.startsWith(verbs.stopMs));
    return used.length === 0 ? [] : [`  ${plain(name)}: ${used.join(", ")}`];
  });
  return lines.length === 0 ? [] : [paint("grey", "Taken for granted:"), ...lines];
}

function answerLine(
  { action }: Plan,
  { answeredAt, outcomes }: Pick<Plan, "answeredAt" | "outcomes">,
): string {
  if (answeredAt === null) return `\`xm ${action}\` has not returned by the end of the plan`;
  const failed = outcomes.filter(({ ok }) => !ok).length;
  return `\`xm ${action}\` returns after ${duration(answeredAt)} with exit code ${failed === 0 ? 0 : 1}`;
}

function renderHypothesis(each: Hypothesis, plan: Plan): string[] {
  const { app, what, outcomes } = each;
  const head = `If ${plain(app)} ${what === "fails" ? "fails (exit code 1)" : "never gets ready"}:`;
  const told = ({ id, name, message, note }: Plan["outcomes"][number]): string =>
    `${id} ${name}: ${note ?? message}`;
  const usual = new Set(plan.outcomes.map(told));
  const others = outcomes
    .toSorted((a, b) => a.id - b.id)
    .map(told)
    .filter((line) => !usual.has(line))
    .map((line) => `  ${plain(line.slice(line.indexOf(" ") + 1))}`);
  if (others.length === 0 && each.answeredAt === plan.answeredAt) return [];
  return [paint("yellow", head), ...new Set(others), `  ${answerLine(plan, each)}`];
}

/** Events of an evidence that are shown at its beginning and at its end. */
const [firstEvents, lastEvents] = [8, 4];

function folded(lines: readonly string[]): readonly string[] {
  const left = lines.length - firstEvents - lastEvents;
  if (left < 2) return lines;
  return [...lines.slice(0, firstEvents), `    … ${left} more`, ...lines.slice(-lastEvents)];
}

function renderFinding({
  rule,
  level,
  about,
  field,
  message,
  evidence,
  fix,
}: Plan["findings"][number]): string[] {
  const head = `${level} ${rule}`;
  const width = Math.max(0, ...evidence.map(({ at }) => since(at).length));
  return [
    `${paint(level === "error" ? "red" : "yellow", head)}  ${plain(about)}: ${field}`,
    `  ${plain(message)}`,
    ...folded(
      evidence.map(({ at, name, event, states, sentence }) => {
        const text = plain(`${name}  ${event} → ${sentence ?? states}`);
        return paint("grey", `    ${since(at).padStart(width)}  ${text}`);
      }),
    ),
    `  fix: ${plain(fix)}`,
  ];
}

/** Lines at the beginning and at the end, of a plan with more. */
const [firstLines, lastLines] = [60, 10];

function renderMoments(moments: readonly Moment[], specs: readonly AppSpec[]): string[] {
  const many = new Set(specs.filter(({ instances }) => instances > 1).map(({ name }) => name));
  const rows = moments.map((moment) => {
    const { facts, name, kind } = moment;
    const label = facts !== undefined && many.has(name) ? `${name} ${facts.instance}` : name;
    const status = facts === undefined ? kind : statusWord(facts.status);
    const color = facts === undefined ? ("cyan" as const) : statusColors[facts.status];
    return { time: since(moment.at), label: plain(label), status, color, text: textOf(moment) };
  });
  const width = (of: (row: (typeof rows)[number]) => string): number =>
    Math.max(0, ...rows.map((row) => of(row).length));
  const [times, labels, statuses] = [
    width((row) => row.time),
    width((row) => row.label),
    width((row) => row.status),
  ];
  const lines = rows.map(({ time, label, status, color, text }) => {
    const state = paint(color, status.padEnd(statuses));
    return `${paint("grey", time.padStart(times))}  ${label.padEnd(labels)}  ${state}  ${text}`;
  });
  if (lines.length <= firstLines + lastLines) return lines;
  const left = lines.length - firstLines - lastLines;
  return [...lines.slice(0, firstLines), `… ${left} more`, ...lines.slice(-lastLines)];
}

/** A start is shown by its child; that a life is older than min_uptime is no news. */
function isShown({ kind, event, facts, sentence, states }: Moment): boolean {
  if (kind === "group") return sentence !== undefined && states !== "watching";
  if (kind === "reload") return true;
  if (["minUptime", "configure", "child.signalled"].includes(event)) return false;
  if (event === "hook.ended") return sentence !== undefined;
  if (facts?.status === "pending" && sentence === undefined) return false;
  if (event === "hook.begun") return true;
  return facts?.status !== "starting" || facts.child !== null || sentence !== undefined;
}

function textOf({ kind, event, facts, sentence, states }: Moment): string {
  if (kind === "reload") return sentence === undefined ? states : `${states}: ${plain(sentence)}`;
  if (sentence !== undefined) return plain(sentence);
  switch (event) {
    case "child.spawned":
      return facts?.status === "online" ? "starts, and is online at once" : "starts";
    case "child.ready":
      return "is ready";
    case "listenTimeout":
      return "is not ready within listen_timeout, and counts as online";
    case "killTimeout":
      return "has not exited in time: SIGKILL";
    case "probe.passing":
      return "its liveness probe succeeds";
    case "probe.failing":
      return "its liveness probe failed";
    case "probe.ready":
      return "its readiness probe succeeds";
    case "probe.unready":
      return "its readiness probe failed";
    case "child.exited":
      return "has exited";
    case "hook.begun":
      return `runs ${facts?.hook?.name ?? "a hook"}`;
    case "child.unstarted":
      return "its startup probe failed";
    default:
      if (facts?.status === "stopping") return "is asked to exit";
      return facts?.status === "stopped" ? "is marked stopped" : event;
  }
}

/** A plan for programs. */
export function planAsData(plan: Plan, { file, specs, times }: About): object {
  const { action, moments, waits, chain, outcomes, answeredAt, isCut, hypotheses } = plan;
  return {
    file,
    action,
    apps: specs.map(({ name, namespace }) => ({ name, namespace, ...times.get(name)?.times })),
    events: moments.map(eventAsData),
    waits,
    longestChain: chain,
    command: commandAsData({ outcomes, answeredAt }),
    isCut,
    findings: plan.findings,
    hypotheses: hypotheses.map((each) => ({
      app: each.app,
      what: each.what,
      events: each.moments.map(eventAsData),
      command: commandAsData(each),
    })),
  };
}

function eventAsData({ facts, ...moment }: Moment): object {
  const { id, generation, instance, status } = facts ?? {};
  return { ...moment, id, generation, instance, status };
}

function commandAsData({ outcomes, answeredAt }: Pick<Plan, "outcomes" | "answeredAt">): object {
  return {
    answeredAt,
    exitCode: answeredAt !== null && outcomes.every(({ ok }) => ok) ? 0 : 1,
    outcomes: outcomes.map(({ id, name, ok, message, note }) => ({ id, name, ok, message, note })),
  };
}
