import { plain } from "../../runtime/contract/plain.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import type { ProcessDetail } from "../../runtime/client/connection/types.ts";
import { statusWord } from "../../runtime/compat/status.ts";
import { targetArgs, xmCommand } from "../call/command.ts";
import { detailsOf } from "../apps/one-process.ts";
import { paint } from "../render/colors.ts";
import { declaredRows } from "../render/declared.ts";
import { meaningRows } from "../render/exit-meaning.ts";
import { groupRows } from "../render/groups.ts";
import { quoted } from "../render/last-words.ts";
import { formatAge, formatBytes, formatPercent, formatTime } from "../render/format.ts";

export default xmCommand({
  name: "describe",
  description: "Shows all details of a process",
  args: targetArgs,
  run: async ({ args }) => {
    const details = await detailsOf(connect(), args._, { usage: true });
    const texts = await Promise.all(details.map((detail) => describe(detail, Date.now())));
    process.stdout.write(`${texts.join("\n\n")}\n`);
  },
});

type Rows = readonly (readonly [string, string])[];

async function describe(detail: ProcessDetail, now: number): Promise<string> {
  const { spec, lastExit } = detail;
  const declared = declaredRows(spec);
  const groups: readonly (readonly [string, Rows])[] = [
    ["", stateRows(detail, now)],
    ["program", await programRows(detail)],
    ["policy", policyRows(spec)],
    ...(await sensorsOf(detail, now)),
    ...(declared.length === 0 ? [] : [["declared", declared] as const]),
    ...ownWords(detail),
  ];
  const name = plain(detail.name);
  const keys = groups.flatMap(([, rows]) => rows.map(([key]) => plain(key).length));
  const keyWidth = Math.max(15, ...keys);
  const title = paint("bold", `${name} (id ${detail.id})`);
  const body = groups.map(([group, rows]) =>
    [
      ...(group === "" ? [] : [paint("cyan", group)]),
      ...rows.flatMap(([key, value]) => [
        `  ${paint("grey", plain(key).padEnd(keyWidth))} ${plain(value)}`,
        ...(key === "last exit" ? quoted(lastExit?.lastWords ?? []) : []),
        ...(key === "last exit" ? meaningRows(detail) : []),
      ]),
    ].join("\n"),
  );
  const more = `  xm why ${name} · xm logs ${name} · xm history ${name} · xm env ${detail.id}`;
  return [title, ...body, paint("grey", more)].join("\n");
}

/** What it is doing, why, and for how long. */
function stateRows(detail: ProcessDetail, now: number): Rows {
  const { startedAt, lastExit, failure, decision, restarts, unstableRestarts } = detail;
  const { maxRestarts } = detail.spec.policy.restart;
  const uptime =
    startedAt === null ? "–" : `${formatAge(now - startedAt)} (since ${formatTime(startedAt)})`;
  return [
    ["status", statusWord(detail.status)],
    ...healthRows(detail),
    ["why", failure === null ? (decision ?? "as declared") : failure.message],
    ...groupRows(detail),
    ["pid", String(detail.pid ?? "–")],
    ["uptime", uptime],
    ["restarts", `${restarts}, unstable in a row ${unstableRestarts} of ${maxRestarts}`],
    ["last exit", lastExit === null ? "–" : `${endOf(lastExit)} at ${formatTime(lastExit.at)}`],
    ["memory, cpu", `${formatBytes(detail.memoryBytes)}, ${formatPercent(detail.cpuPercent)}`],
    ...usageRows(detail),
    ["created at", formatTime(detail.createdAt)],
  ];
}

/** What is run, where, as whom, and where it writes. */
async function programRows(detail: ProcessDetail): Promise<Rows> {
  const { spec, instance, logs, pidFile } = detail;
  const { interpreter, interpreterArgs, script, args, mode, instances, namespace } = spec;
  const command = [interpreter ?? "", ...interpreterArgs, script, ...args];
  return [
    ["command", command.filter(Boolean).join(" ")],
    ["cwd", spec.cwd],
    ["mode", `${mode}, instance ${instance} of ${instances}, namespace ${namespace}`],
    ["user", userOf(detail)],
    ...(await gitRows(detail)),
    ["out log", logs.out ?? "none"],
    ["error log", logs.error ?? "none"],
    ["pid file", pidFile ?? "none"],
  ];
}

/** When it is restarted, and how it is started and stopped. */
function policyRows(spec: ProcessDetail["spec"]): Rows {
  const { restart, killTimeoutMs, listenTimeoutMs, readiness, drain, drainTimeoutMs } = spec.policy;
  const stop = spec.stopWithMessage ? "message shutdown" : spec.stopSignal;
  const whom = spec.killsTree ? "" : ", main process only";
  return [
    ["restart", restart.mode],
    ["unstable below", `${restart.minUptimeMs} ms of uptime`],
    ["restart window", restart.restartWindowMs === 0 ? "off" : `${restart.restartWindowMs} ms`],
    ["delay", delayOf(restart)],
    ["stop", `${stop}, SIGKILL after ${killTimeoutMs} ms${whom}`],
    ["ready", `${readiness}, at most ${listenTimeoutMs} ms`],
    ["drain", drain ? `yes, at most ${drainTimeoutMs} ms in a reload` : "no"],
    ["reload", reloadOf(spec)],
  ];
}

/** What it has used over its lives of the last day. */
function usageRows({ usage }: ProcessDetail): [string, string][] {
  if (usage === null) return [];
  const { since, memory, cpu } = usage;
  const words = ({ p50, p99, peak }: typeof cpu, format: (value: number) => string): string =>
    `p50 ${format(p50)}, p99 ${format(p99)}, peak ${format(peak)}`;
  return [
    ["memory so far", `${words(memory, formatBytes)} (since ${formatTime(since)})`],
    ["cpu so far", words(cpu, formatPercent)],
  ];
}

/** What its probes say, when any is declared. */
function healthRows({ health, finding, outOfTraffic }: ProcessDetail): [string, string][] {
  if (health === null) return [];
  return [
    ["health", health === "unhealthy" && finding !== null ? `${health}: ${finding}` : health],
    ...(outOfTraffic
      ? [["traffic", "none: the other processes take its connections"] as [string, string]]
      : []),
  ];
}

/** What its folder has checked out now, and what it runs if that is another commit; unless the app wants nothing of it. */
async function gitRows({
  checkout: started,
  spec: { cwd, passthrough },
}: ProcessDetail): Promise<[string, string][]> {
  if (passthrough["vizion"] === false) return [];
  const { readWorkingCopy } = await import("../../runtime/host/working-copy.ts");
  const checkout = readWorkingCopy(cwd);
  if (checkout === undefined) return [];
  const { branch, commit, remote, system = "git" } = checkout;
  if (system === "subversion") return [[system, checkout.root]];
  const where = `${branch ?? "no branch"}, ${commit === null ? "no commit yet" : `commit ${commit.slice(0, 10)}`}`;
  const rows: [string, string][] = [[system, remote === null ? where : `${where}, of ${remote}`]];
  if (started?.commit != null && started.commit !== commit)
    rows.push([
      "runs",
      `commit ${started.commit.slice(0, 10)}; a reload runs the commit that is checked out now`,
    ]);
  return rows;
}

/** What restarts it besides its end: only what is declared. */
async function sensorsOf(
  { spec: { sensors, cwd }, goal, troubles, nextRunAt }: ProcessDetail,
  now: number,
): Promise<[string, [string, string][]][]> {
  const { maxMemoryBytes, limits, cron, cronTimezone, schedule, watch, heartbeatMs } = sensors;
  const isOff = goal === "stop" ? "; off while it is stopped" : "";
  const rows: [string, string][] = [];
  const lasting = (ms: number): string => (ms === 0 ? "" : ` for ${formatAge(ms)}`);
  if (maxMemoryBytes !== null) {
    const whose = limits?.memoryScope === "tree" ? ", including its descendants" : "";
    const time = lasting(limits?.memoryForMs ?? 0);
    rows.push(["memory above", `${formatBytes(maxMemoryBytes)}${whose}${time}`]);
  }
  const { maxCpuPercent = null, cpuForMs = 0, maxAgeMs = null, ageJitterMs = 0 } = limits ?? {};
  if (maxCpuPercent !== null) rows.push(["CPU above", `${maxCpuPercent} %${lasting(cpuForMs)}`]);
  if (maxAgeMs !== null) {
    const more = ageJitterMs === 0 ? "" : `, up to ${formatAge(ageJitterMs)} later`;
    rows.push(["age above", `${formatAge(maxAgeMs)}${more}`]);
  }
  if (schedule !== undefined) {
    const { scheduleWords } = await import("../../runtime/contract/schedule.ts");
    rows.push(["schedule", scheduleWords(schedule).replace("its schedule, ", "")]);
    rows.push(["next run", nextRunAt === null ? `none${isOff}` : formatTime(nextRunAt)]);
    rows.push(["concurrency", schedule.concurrency]);
  }
  if (cron !== null) {
    rows.push(["cron", `${cron}${cronTimezone === null ? "" : ` in ${cronTimezone}`}`]);
    const { nextRun } = await import("../../runtime/contract/cron.ts");
    const next = await nextRun({ pattern: cron, timezone: cronTimezone }, new Date(now));
    rows.push([
      "next run",
      isOff === "" ? (next === null ? "never" : formatTime(next.getTime())) : "off",
    ]);
  }
  if (watch !== null) {
    const { paths, ignore, delayMs, options } = watch;
    const shown = paths.map((path) => (path === cwd ? path : relativeTo(cwd, path)));
    const polls = options.pollMs === null ? "" : `, polled every ${options.pollMs} ms`;
    rows.push(["watch", `${shown.join(", ")}${polls}${isOff}`]);
    rows.push(["ignored", ignore.map(patternText).join(", ") || "nothing"]);
    if (delayMs > 0) rows.push(["watch delay", `${delayMs} ms`]);
  }
  if (heartbeatMs !== null) rows.push(["event loop", `blocked for ${heartbeatMs} ms`]);
  for (const { sensor, reason } of troubles) rows.push([`${sensor} fails`, reason]);
  return rows.length === 0 ? [] : [["restarts it", rows]];
}

function relativeTo(cwd: string, path: string): string {
  return path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}

function patternText(pattern: string | { regexp: string; flags: string }): string {
  return typeof pattern === "string" ? pattern : `/${pattern.regexp}/${pattern.flags}`;
}

function userOf({ user, spec: { gid, umask } }: ProcessDetail): string {
  const group = gid === null ? "" : `, group ${gid}`;
  return `${user ?? "–"}${group}${umask == null ? "" : `, umask ${umask.toString(8).padStart(3, "0")}`}`;
}

/** What the app publishes of itself and offers. */
function ownWords({ metrics, actions }: ProcessDetail): [string, [string, string][]][] {
  // An app may publish anything under the name of a metric.
  const values = Object.entries(metrics).map(([name, metric]): [string, string] => {
    const { value, unit } = (metric ?? {}) as Partial<typeof metric>;
    return [name, `${textOf(value)}${typeof unit === "string" ? ` ${unit}` : ""}`];
  });
  const offered = actions.map(({ action_name: name }): [string, string] => [
    textOf(name),
    "xm trigger",
  ]);
  return [
    ...(values.length === 0 ? [] : [["metrics", values] as [string, [string, string][]]]),
    ...(offered.length === 0 ? [] : [["actions", offered] as [string, [string, string][]]]),
  ];
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function reloadOf({ mode, policy, scheduling }: ProcessDetail["spec"]): string {
  if (mode === "fork") return "restart (not a cluster)";
  const { concurrency, surge } = policy.reload;
  return `${concurrency} at a time, the replacement ${surge ? "first" : "after"}; connections are ${scheduling}`;
}

function endOf({ code, signal }: NonNullable<ProcessDetail["lastExit"]>): string {
  if (signal !== null) return signal;
  return code === null ? "unknown exit code" : `exit code ${code}`;
}

function delayOf({ backoff, restartDelayMs }: ProcessDetail["spec"]["policy"]["restart"]): string {
  if (backoff === null) return `${restartDelayMs} ms`;
  const { initialMs, factor, maxMs, jitter } = backoff;
  return `from ${initialMs} ms, × ${factor}, at most ${maxMs} ms${jitter === 0 ? "" : `, jitter ${jitter}`}`;
}
