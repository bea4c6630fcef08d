import { expect, test } from "vitest";
import type { ProcessEvent } from "../../machines/process-events.ts";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { eventsFor, pathsFor, play } from "../support/machines/paths.ts";
import { SimulatedProcess } from "../support/machines/simulated-process.ts";
import { appSpec } from "../support/machines/spec.ts";
import { program } from "../support/programs.ts";

/** Steps that a real God can be led through one by one: commands, and ends by an exit code. */
const chosen = eventsFor().filter(
  (event) =>
    ["start", "stop", "restart", "remove", "child.spawned"].includes(event.type) ||
    (event.type === "child.exited" && event.code !== null),
);

const maxRestarts = 3;

test("a real God with real processes goes the same ways as the machine on a virtual clock", async () => {
  // No life is long enough to be stable: the clocks cannot disagree.
  const spec = appSpec({ restart: { maxRestarts, minUptimeMs: 3_600_000 } });
  const paths = unique(
    pathsFor(spec, chosen).map((path) => path.filter(({ type }) => !isImplied(type))),
  );
  expect(paths.length).toBeGreaterThan(15);
  const home = testHome();
  for (const [index, path] of paths.entries()) {
    // Each has a log of its own.
    await follow(home, `m${index}`, new SimulatedProcess(spec), path);
  }
}, 400_000);

async function follow(
  home: TestHome,
  name: string,
  simulated: SimulatedProcess,
  path: readonly ProcessEvent[],
): Promise<void> {
  const arguments_ = ["--name", name, "--max-restarts", String(maxRestarts), "--min-uptime", "1h"];
  await home.ok("start", program("obeys.js"), ...arguments_);
  const said: string[] = [];
  for (const event of path) {
    // The real child obeys its stop signal at once, so what a path does meanwhile comes afterwards.
    if (simulated.status === "removed") break;
    if (event.type === "child.exited" && simulated.living.length === 0) continue;
    await tell(home, name, event);
    play(simulated, event);
    if (simulated.status === "stopping") simulated.exit(0);
    said.push(event.type === "child.exited" ? `exit ${event.code}` : event.type);
    await until(
      `${said.join(", ")} to lead to ${JSON.stringify(seen(simulated))}`,
      async () => JSON.stringify(await real(home, name)) === JSON.stringify(seen(simulated)),
      { saw: () => real(home, name) },
    );
  }
  if (simulated.status !== "removed") await act(home, "delete");
}

/** What a user sees of a process, the same of both. */
function seen({ facts }: SimulatedProcess): unknown {
  const { status, restarts, unstableRestarts } = facts;
  return status === "removed" ? "removed" : { status, restarts, unstableRestarts };
}

async function real(home: TestHome, name: string): Promise<unknown> {
  const process = (await home.list()).find((each) => each.name === name);
  if (process === undefined) return "removed";
  const { status, restarts, unstableRestarts } = process;
  return { status, restarts, unstableRestarts };
}

async function tell(home: TestHome, name: string, event: ProcessEvent): Promise<void> {
  if (event.type !== "child.exited") {
    await act(home, event.type === "remove" ? "delete" : (event.type as "start"));
    return;
  }
  const process_ = await until("a child that listens", async () => {
    const now = await home.process(name);
    return home.log(`${name}-out.log`).includes(`up ${now.pid}`) && now;
  });
  process.kill(process_.pid ?? 0, event.code === 0 ? "SIGUSR1" : "SIGUSR2");
  await until("its end", async () => (await home.process(name)).pid !== process_.pid);
}

/** Of the only process there is. */
async function act(home: TestHome, action: "start" | "stop" | "restart" | "delete"): Promise<void> {
  const [process] = await home.list();
  const order = { action, ids: [process?.id ?? -1], by: "a test" };
  for await (const _ of home.client().act(order));
}

function isImplied(type: string): boolean {
  return type === "child.spawned" || type === "xstate.init";
}

function unique(paths: readonly ProcessEvent[][]): ProcessEvent[][] {
  return [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()];
}
