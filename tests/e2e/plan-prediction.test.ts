import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { HistoryRecordView } from "../../runtime/client/connection/types.ts";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { comparedFiles, programText, type ComparedFile } from "../support/plan-files.ts";

/** The long run, with every file: XM_PLAN_FILES=all npx vitest run --project e2e tests/e2e/plan-prediction.test.ts */
const files = process.env["XM_PLAN_FILES"] === "all" ? comparedFiles : comparedFiles.slice(0, 4);

interface PlannedEvent {
  readonly at: number;
  readonly kind: string;
  readonly name: string;
  readonly id?: number;
  readonly generation?: number;
  readonly event: string;
  readonly states: string;
  readonly status?: string;
  readonly rule?: string;
}

/** What is further apart than this in the plan, in ms, is in that order in reality: a spawn on a busy machine takes long. */
const apartMs = 400;

test.each(files)("a real daemon does what the plan says, event for event: $what", async (each) => {
  const { action = "start", breaks } = each;
  const home = testHome();
  const file = write(home, each);
  if (action !== "start") {
    await home.ok("start", file);
    await isQuiet(home);
    if (breaks === true) writeFileSync(join(home.folder, "broken"), "");
  }
  const before = await recordsOf(home);
  const ran = await home.xm(action, file);
  const { assume, stopTime } = each;
  const flags = [
    ...(assume === undefined ? [] : ["--assume", assume]),
    ...(stopTime === undefined ? [] : ["--stop-time", stopTime]),
  ];
  // It exits with 1 where the file is one that a rule is about.
  const { stdout } = await home.xm("plan", file, "--json", "--action", action, ...flags);
  const plan = JSON.parse(stdout) as {
    events: PlannedEvent[];
    command: { exitCode: number };
  };
  const real = await until("as many events as planned, and then quiet", async () => {
    const records = (await recordsOf(home)).slice(before.length);
    return records.length >= plan.events.length && records;
  }).catch(() => []);
  await isQuiet(home);
  const all = (await recordsOf(home)).slice(before.length);

  expect(byActor(plan.events)).toEqual(byActor(all));
  expect(real.length).toBeGreaterThan(0);
  expect(ran.code, `${ran.stdout}${ran.stderr}`).toBe(plan.command.exitCode);
  expect(swapped(plan.events, all)).toEqual([]);
});

function write(home: TestHome, { apps, groups }: ComparedFile): string {
  const script = home.file("program.cjs", programText);
  const declared = apps.map((app) => ({ script, ...app }));
  const text = JSON.stringify({ apps: declared, ...(groups === undefined ? {} : { groups }) });
  return home.file("ecosystem.config.json", text);
}

async function recordsOf(home: TestHome): Promise<HistoryRecordView[]> {
  const records = await home
    .client()
    .history({ kinds: ["process", "reload", "group"], limit: 10_000 });
  return [...records];
}

/** Every process rests, or is online and older than its min_uptime; then nothing more comes by itself. */
async function isQuiet(home: TestHome): Promise<void> {
  await until("all processes to be at rest or stable", async () => {
    const records = await recordsOf(home);
    const last = new Map(
      records.filter(({ kind }) => kind === "process").map((each) => [each.id, each]),
    );
    return [...last.values()].every(({ states, status }) =>
      status === "online"
        ? !states.includes("uptime.fresh")
        : ["stopped", "errored", "completed", "failed", "removed", "pending"].includes(
            status ?? "",
          ),
    );
  });
}

/** What happened to each process, reload and group, in its own order. */
function byActor(events: readonly (PlannedEvent | HistoryRecordView)[]): Record<string, string[]> {
  const actors: Record<string, string[]> = {};
  for (const event of events) {
    const { event: what, states, status } = event;
    (actors[actorOf(event)] ??= []).push(
      `${what} → ${states}${status == null ? "" : ` (${status})`}`,
    );
  }
  return actors;
}

function actorOf({ kind, name, id, generation }: PlannedEvent | HistoryRecordView): string {
  return kind === "process" ? `${name} ${id}.${generation}` : `${kind} ${name}`;
}

/** Events of different processes that came in another order than planned. */
function swapped(plan: readonly PlannedEvent[], real: readonly HistoryRecordView[]): string[] {
  const keyOf = (event: PlannedEvent | HistoryRecordView): string =>
    `${actorOf(event)} ${event.event} ${event.states}`;
  const counts = new Map<string, number>();
  const numbered = (event: PlannedEvent | HistoryRecordView): string => {
    const key = keyOf(event);
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return `${key} ${counts.get(key)}`;
  };
  const places = new Map(real.map((event, index) => [numbered(event), index]));
  counts.clear();
  const order = plan.map((event) => ({ at: event.at, key: numbered(event) }));
  return order.flatMap((one, index) =>
    order
      .slice(index + 1)
      .filter(({ at, key }) => at - one.at >= apartMs && placeOf(key) < placeOf(one.key))
      .map(({ key }) => `${key} before ${one.key}`),
  );
  function placeOf(key: string): number {
    return places.get(key) ?? -1;
  }
}
