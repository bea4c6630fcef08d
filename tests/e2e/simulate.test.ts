import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import type { Simulation } from "../../machines/simulation.ts";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

interface Step {
  readonly rule: string;
  readonly next: string;
  readonly delayMs: number;
}

const stepsOf = (decisions: readonly Step[]): string[] =>
  decisions.map(({ rule, next, delayMs }) => `${rule} → ${next} ${delayMs}`);

test.each([
  ["a delay", ["--restart-delay", "30"]],
  ["growing waits", ["--exp-backoff-restart-delay", "20"]],
  ["a wanted exit code", ["--stop-exit-codes", "1"]],
])("a real daemon decides what the simulation says: %s", async (_, flags) => {
  const home = testHome();
  const script = home.file("crash.cjs", "process.exit(1);");
  // Every life is an unstable one, however slow the machine is.
  const policy = ["--max-restarts", "3", "--min-uptime", "1m", ...flags];
  await home.ok("start", script, "--name", "c", ...policy);
  const real = await until("the app to be at rest", async () => {
    const { id, status } = await home.process("c");
    return (status === "errored" || status === "stopped") && home.client().detail(id);
  });

  const simulated = JSON.parse(
    await home.ok("simulate", "c", "--crash-every", "100ms", "--json"),
  ) as Simulation & { app: string };

  const decisions = simulated.events.flatMap(({ decision }) => decision ?? []);
  expect(stepsOf(decisions)).toEqual(stepsOf(real.decisions));
  expect(simulated).toMatchObject({
    app: "c",
    end: { status: real.status, restarts: real.restarts },
  });
});

test("without a name it needs no daemon, and starts none", async () => {
  const home = testHome();
  const text = await home.ok("simulate", "--crash-every", "500ms");
  expect(text).toContain("       … 12 more like this\n");
  expect(text).toContain("\nIt is errored after 8 s and 15 restarts, because ");
  expect(text).toContain("    max_restarts: 16,\n");

  const app = { script: program("stays.js"), max_restarts: 2 };
  const file = home.file(
    "apps.json",
    JSON.stringify([
      { ...app, name: "a" },
      { ...app, name: "b", restart_delay: 100 },
    ]),
  );
  const one = await home.ok("simulate", file, "--only", "b", "--crash-every", "0");
  expect(one).toContain("It is errored after 100 ms and 1 restart, because ");
  const several = await home.xm("simulate", file, "--crash-every", "0");
  expect(several).toMatchObject({ code: 1, stdout: "" });
  expect(several.stderr).toContain("apps.json has several apps: a, b\n");
  expect(several.stderr).toContain("`--only a`");
  expect(existsSync(home.paths.pidFile)).toBe(false);
});

test("a flag that says nothing is named, with how to mend it", async () => {
  const home = testHome();
  const ran = await home.xm("simulate", "--crash-every", "often");
  expect(ran).toMatchObject({ code: 1, stdout: "" });
  expect(ran.stderr).toBe(
    'xm: --crash-every: expected ms or a time such as "500ms", "10s", "1h", got "often"\n    for example `--crash-every 500ms`\n    see docs/reference/errors.md#err_usage\n',
  );
});
