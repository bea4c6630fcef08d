import type { ScheduleSpec } from "../../../machines/spec.ts";
import { isTimeZone, nextRun, splitZone } from "../../contract/cron.ts";
import { messageOf } from "../../contract/errors.ts";
import { longestMs } from "../../contract/ranges.ts";
import { parseDuration } from "../../contract/fields/units.ts";

type ReadApp = Readonly<Record<string, unknown>>;

/** What a schedule may say, in the order of the reference. */
const known: readonly string[] = [
  "cron",
  "every",
  "timezone",
  "concurrency_policy",
  "starting_deadline",
  "catch_up",
  "jitter",
];

/** Kubernetes has none; a run that was due while the daemon was being replaced is begun all the same. */
const usualDeadlineMs = 60_000;

/** The form of a schedule; a text is its cron pattern. What it says is checked by `scheduleFaults`. */
export function readSchedule(value: unknown): object | undefined {
  if (typeof value === "string" && value.trim() !== "") return { cron: value };
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

/** The schedule of an app whose fields have no fault. */
export function scheduleOf(app: ReadApp): { schedule?: ScheduleSpec } {
  const wanted = app["schedule"] as Readonly<Record<string, unknown>> | undefined;
  if (wanted === undefined) return {};
  const time = (name: string, otherwise: number): number =>
    parseDuration(wanted[name] ?? otherwise) ?? otherwise;
  const split = typeof wanted["cron"] === "string" ? splitZone(wanted["cron"]) : null;
  const zone = split?.timezone ?? wanted["timezone"];
  const schedule: ScheduleSpec = {
    cron: split?.pattern ?? null,
    timezone: typeof zone === "string" ? zone : null,
    everyMs: wanted["every"] === undefined ? null : time("every", 0),
    concurrency: wanted["concurrency_policy"] === "replace" ? "replace" : "forbid",
    startingDeadlineMs: time("starting_deadline", usualDeadlineMs),
    catchesUp: wanted["catch_up"] === "once",
    jitterMs: time("jitter", 0),
  };
  return { schedule };
}

/** What is wrong with the schedule of an app. */
export async function scheduleFaults(app: ReadApp, path: string): Promise<string[]> {
  const wanted = app["schedule"] as Readonly<Record<string, unknown>> | undefined;
  if (wanted === undefined) return [];
  const found: string[] = [];
  const say = (field: string, what: string): void =>
    void found.push(`${path}.schedule${field === "" ? "" : `.${field}`}: ${what}`);
  const show = (value: unknown): string => JSON.stringify(value) ?? typeof value;
  if (app["type"] !== "oneshot")
    say("", 'only a job has one; add type: "oneshot", or use cron_restart');
  if (app["cron_restart"] !== undefined) say("", "cron_restart is set too; keep one of them");
  for (const name of Object.keys(wanted)) {
    if (!known.includes(name)) say(name, `no such field; expected ${known.join(", ")}`);
  }
  const { cron, every, timezone, concurrency_policy: policy, catch_up: catchUp } = wanted;
  if ((cron === undefined) === (every === undefined)) say("", "expected either cron or every");
  if (every !== undefined) {
    const ms = parseDuration(every);
    if (ms === undefined || ms < 1_000 || ms > longestMs)
      say("every", `expected a time from "1s" to 24 days, got ${show(every)}`);
    if (timezone !== undefined) say("timezone", "only a cron pattern has one");
  }
  for (const name of ["starting_deadline", "jitter"]) {
    if (wanted[name] === undefined) continue;
    const ms = parseDuration(wanted[name]);
    if (ms === undefined || ms > longestMs)
      say(name, `expected a time of at most 24 days, such as "5m", got ${show(wanted[name])}`);
  }
  if (policy === "allow") {
    say(
      "concurrency_policy",
      "allow is not supported, since a job is one process; expected forbid or replace",
    );
  } else if (policy !== undefined && policy !== "forbid" && policy !== "replace") {
    say("concurrency_policy", `expected "forbid" or "replace", got ${show(policy)}`);
  }
  if (catchUp !== undefined && catchUp !== "none" && catchUp !== "once")
    say("catch_up", `expected "none" or "once", got ${show(catchUp)}`);
  if (cron !== undefined) found.push(...(await cronFaults(cron, timezone, path)));
  return found;
}

async function cronFaults(cron: unknown, zone: unknown, path: string): Promise<string[]> {
  const text = typeof cron === "string" ? cron : "";
  const { pattern, timezone } = splitZone(text);
  const wanted = timezone ?? zone;
  if (wanted !== undefined && (typeof wanted !== "string" || !isTimeZone(wanted))) {
    const got = JSON.stringify(wanted);
    return [`${path}.schedule.timezone: expected a time zone such as "Europe/Berlin", got ${got}`];
  }
  try {
    if (text === "") throw new Error("a text is expected");
    await nextRun({ pattern, timezone: wanted ?? null }, new Date());
    return [];
  } catch (error) {
    return [
      `${path}.schedule.cron: expected a cron pattern such as "0 3 * * *", got ${JSON.stringify(cron)} (${messageOf(error)})`,
    ];
  }
}
