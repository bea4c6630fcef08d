import fc from "fast-check";
import { readFileSync, appendFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";

/** The long run: XM_GRAPH_RUNS=30 npx vitest run --project e2e tests/e2e/dependency-graphs.test.ts (10 minutes). */
const runs = Number(process.env["XM_GRAPH_RUNS"] ?? 1);
const seed = Number(process.env["XM_FUZZ_SEED"] ?? 20_260_101);

const size = 30;
const name = (index: number): string => `app${index}`;

const draft = fc.record({
  needs: fc.array(fc.record({ of: fc.nat(1_000), isHealthy: fc.boolean() }), { maxLength: 3 }),
  upMs: fc.constantFrom(0, 0, 100, 400),
});

const step = fc.record({
  do: fc.constantFrom("start", "stop", "restart", "crash", "crash", "kill God"),
  app: fc.nat(size - 1),
});

const graph = fc.record({
  drafts: fc.array(draft, { minLength: size, maxLength: size }),
  steps: fc.array(step, { minLength: 12, maxLength: 12 }),
});

interface Need {
  readonly app: string;
  readonly isHealthy: boolean;
}

/** An app depends on earlier ones only, so that there is no circle. */
function needsOf({
  drafts,
}: {
  drafts: readonly { needs: readonly { of: number; isHealthy: boolean }[] }[];
}) {
  return new Map(
    drafts.map(({ needs }, index): [string, Need[]] => {
      const all = needs.map(({ of, isHealthy }) => ({
        app: name(of % Math.max(1, index)),
        isHealthy,
      }));
      const others = index === 0 ? [] : all;
      return [name(index), [...new Map(others.map((need) => [need.app, need])).values()]];
    }),
  );
}

/**
 * Writes when it starts, when it is up and when it is asked to end into one file for all; a second life of one app finds
 * the lock of the first, which the kernel takes away with it.
 */
const program = (folder: string): string => `
note() { echo "$(date +%s%3N) $1 $NAME $$" >> '${folder}/events'; }
exec 9>"${folder}/lock.$NAME"
flock -n 9 || note double
note start
trap 'note end; exit 0' INT TERM
[ "$UP_MS" = 0 ] || sleep "0.$UP_MS" 9>&-
note up
echo up
while :; do sleep 1000 9>&- & wait $!; done
`;

interface Noted {
  readonly at: number;
  readonly what: string;
  readonly app: string;
}

const notedIn = (folder: string): Noted[] =>
  readFileSync(join(folder, "events"), "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const [at, what = "", app = ""] = line.split(" ");
      return { at: Number(at), what, app };
    })
    .toSorted((one, other) => one.at - other.at);

/** A start and the end of what it needs can meet: what held this long before was seen; ms. */
const seenMs = 2_000;

/** Whether a condition held at some moment just before. */
function held(noted: readonly Noted[], { app, isHealthy }: Need, at: number): boolean {
  const own = noted.filter((other) => other.app === app);
  // Of two that are spawned one after the other, the second may be the first to write.
  const isSpawned = (each: Noted): boolean =>
    each.what === "start" && each.at > at && each.at <= at + seenMs;
  if (!isHealthy && own.some(isSpawned)) return true;
  let isThere = false;
  for (const each of own) {
    if (each.at > at) break;
    if (each.at >= at - seenMs && isThere) return true;
    if (each.what === "end" || each.what === "kill") isThere = false;
    else if (each.what === (isHealthy ? "up" : "start")) isThere = true;
    else if (each.what === "start") isThere = false;
  }
  return isThere;
}

async function play(
  home: TestHome,
  { drafts, steps }: { drafts: { upMs: number }[]; steps: { do: string; app: number }[] },
  needs: Map<string, Need[]>,
): Promise<void> {
  const script = home.file("app.sh", program(home.folder));
  const apps = drafts.map(({ upMs }, index) => ({
    name: name(index),
    script,
    interpreter: "sh",
    restart_delay: index % 3 === 0 ? 300 : 0,
    // It runs from the first moment on: a crash is no failed start.
    min_uptime: 0,
    startup_probe: { log: "up", period: "100ms" },
    env: { NAME: name(index), UP_MS: upMs },
    depends_on: Object.fromEntries(
      (needs.get(name(index)) ?? []).map(({ app, isHealthy }) => [
        app,
        { condition: isHealthy ? "service_healthy" : "service_started" },
      ]),
    ),
  }));
  await home.ok("start", home.file("ecosystem.config.json", JSON.stringify({ apps })));
  for (const { do: what, app } of steps) {
    if (what === "kill God") {
      const god = home.godPid();
      process.kill(god, "SIGKILL");
      await home.nextGod(god);
    } else if (what === "crash") {
      const { pid } = await home.process(name(app));
      if (pid === null) continue;
      process.kill(pid, "SIGKILL");
      appendFileSync(join(home.folder, "events"), `${Date.now()} kill ${name(app)} ${pid}\n`);
    } else await home.ok(what, name(app));
  }
  await home.ok("start", "all");
  await until(
    "every app to be up",
    async () => (await home.list()).every(({ status }) => status === "online"),
    {
      withinMs: 60_000,
      saw: async () =>
        (await home.list()).flatMap(({ name: app, status }) =>
          status === "online" ? [] : [`${app} ${status}`],
        ),
    },
  );
}

test.each(Array.from({ length: runs }, (_, run) => run))(
  "graph %i of thirty real processes: none starts before what it needs, twice, or waits for ever",
  async (run) => {
    const [drawn] = fc.sample(graph, { seed: seed + run, numRuns: 1 });
    if (drawn === undefined) throw new Error("nothing was drawn");
    const home = testHome();
    const needs = needsOf(drawn);
    await play(home, drawn, needs);
    const noted = notedIn(home.folder);
    const starts = noted.filter(({ what }) => what === "start");
    expect(starts.length).toBeGreaterThanOrEqual(size);
    const early = starts.flatMap(({ app, at }) =>
      (needs.get(app) ?? [])
        .filter((need) => !held(noted, need, at))
        .map((need) => ({ app, at, need })),
    );
    expect(early).toEqual([]);
    expect(noted.filter(({ what }) => what === "double")).toEqual([]);
  },
  180_000,
);
