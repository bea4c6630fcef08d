import { expect, test, vi } from "vitest";
import { renderSimulation } from "../../../cli/render/simulation.ts";
import { readSimulation } from "../../../cli/apps/simulate-flags.ts";
import { crashing, simulate } from "../../../machines/simulation.ts";
import { fieldsOfPolicy } from "../../../runtime/contract/fields/policy-fields.ts";
import { appSpec } from "../../support/machines/spec.ts";

vi.stubEnv("NO_COLOR", "1");

/** What a call of `xm simulate` with these flags plays for an app. */
const played = (args: Record<string, unknown>, spec = appSpec()) => {
  const wanted = readSimulation({ "crash-every": "1s", ...args });
  return wanted.override(spec).policy;
};
const faultOf = (args: Record<string, unknown>): string => {
  try {
    readSimulation(args).check(appSpec());
  } catch (error) {
    const { code, message, fix } = error as Error & { code: string; fix: string };
    return `${code} ${message} / ${fix}`;
  }
  return "no fault";
};

test("no flag leaves every policy as it is", () => {
  const backoff = { initialMs: 50, factor: 2, maxMs: 9_000, jitter: 0.2, resetAfterMs: 10_000 };
  const probe = { kind: "tcp" as const, host: "127.0.0.1", port: 3_000 };
  for (const spec of [
    appSpec(),
    appSpec({ spec: { mode: "cluster" }, policy: { readiness: "listening" } }),
    appSpec({ spec: { mode: "cluster" }, policy: { readiness: "spawned" } }),
    appSpec({ policy: { readiness: "probe", probe, listenTimeoutMs: 10_000 } }),
    appSpec({ policy: { readiness: "message", killTimeoutMs: 5_000 } }),
    appSpec({
      restart: {
        mode: "on-failure",
        minUptimeMs: 2_000,
        maxRestarts: 0,
        restartWindowMs: 60_000,
        restartDelayMs: 10,
        backoff,
        stopExitCodes: [0, 3],
      },
    }),
  ]) {
    expect(played({}, spec)).toEqual(spec.policy);
  }
});

test("a flag wins over the app's own field", () => {
  const spec = appSpec({
    restart: { maxRestarts: 5, stopExitCodes: [9] },
    policy: { readiness: "probe", probe: { kind: "http", url: "http://127.0.0.1" } },
  });
  const flags = {
    "max-restarts": "3",
    "stop-exit-codes": "1,2",
    "wait-ready": true,
    "exp-backoff-restart-delay": "1s",
    restart: "on-abnormal",
  };
  expect(played(flags, spec)).toMatchObject({
    readiness: "message",
    probe: null,
    restart: {
      mode: "on-abnormal",
      maxRestarts: 3,
      stopExitCodes: [1, 2],
      backoff: { initialMs: 1_000 },
    },
  });
});

test("--crash-after is one crash, --crashes so many", () => {
  const crashOf = (args: Record<string, unknown>) => readSimulation(args).check(appSpec()).crash;
  expect(crashOf({ "crash-after": "10s" })).toMatchObject({ everyMs: 10_000, crashes: 1 });
  expect(crashOf({ "crash-every": "10s", crashes: "4" })).toMatchObject({ crashes: 4 });
  expect(crashOf({ "crash-every": "500" })).toMatchObject({ everyMs: 500, crashes: undefined });
});

const noCrash = "add `--crash-every 500ms`, or `--crash-after 10s` for one crash";

test.each([
  [{}, `no flag sets when the program crashes / ${noCrash}`],
  [{ crashes: "3" }, `--crashes: no flag sets when the program crashes / ${noCrash}`],
  [
    { "crash-every": "soon" },
    '--crash-every: expected ms or a time such as "500ms", "10s", "1h", got "soon" / for example `--crash-every 500ms`',
  ],
  [
    { "crash-every": "1s", "crash-after": "1s" },
    "--crash-every and --crash-after contradict each other / omit one of them",
  ],
  [
    { "crash-every": "1s", "exit-code": "256" },
    '--exit-code: expected a whole number from 0 to 255, got "256" / for example `--exit-code 1`',
  ],
  [
    { "crash-every": "1s", signal: "SIGFOO" },
    '--signal: expected a signal, got "SIGFOO" / for example `--signal SIGSEGV`',
  ],
  [
    { "crash-every": "1s", "min-uptime": "2 days" },
    '--min-uptime: expected ms or a time such as "10s", "5m", "1h", got "2 days" / for example `--min-uptime 5s`',
  ],
  [
    { "crash-every": "1s", for: "0" },
    "--for: expected a time longer than 0 / for example `--for 1h`",
  ],
  [
    { "never-ready": true },
    "--never-ready: app is online as soon as it runs, so the flag has no effect / add `--wait-ready` to simulate an app that reports when it is ready",
  ],
  [
    { "failing-hook": "before_start" },
    "--failing-hook: expected pre_start, post_start, pre_stop, post_stop / for example `--failing-hook pre_start`",
  ],
  [
    { "failing-hook": "pre_start" },
    "--failing-hook: app has no pre_start hook / name a hook that is declared in its `hooks`",
  ],
])("%j is refused with the flag and the mend", (args, fault) => {
  expect(faultOf(args)).toBe(`ERR_USAGE ${fault}`);
});

test("lives that go alike are folded, and the end says where, when and why", () => {
  const spec = appSpec({ restart: { restartDelayMs: 59_000, maxRestarts: 7 } });
  const simulation = simulate({ spec, pattern: crashing({ everyMs: 500 }), forMs: 3_600_000 });
  const wait =
    "Exited with code 1 after 500 ms; it starts again in 59 s, because restart_delay is set.";
  const why =
    "because that was unstable exit 7 of 7 in a row (each life shorter than min_uptime, 1 s).";
  expect(
    renderSimulation({ app: "api", policy: fieldsOfPolicy(spec), simulation }).split("\n"),
  ).toEqual([
    "     +0s  online           pid 1",
    `   +0.5s  waiting restart  ${wait}`,
    "  +59.5s  online           pid 2",
    `   +1m0s  waiting restart  ${wait}`,
    "          … 3 more like this",
    "+4m57.5s  online           pid 6",
    `  +4m58s  waiting restart  ${wait}`,
    "  +5m57s  online           pid 7",
    `+5m57.5s  errored          Exited with code 1 after 500 ms; it is marked errored, ${why}`,
    "",
    `It is errored after 5 min 57 s and 6 restarts, ${why}`,
    "",
    "The policy as an ecosystem file:",
    "",
    "  {",
    '    name: "api",',
    "    max_restarts: 7,",
    "    min_uptime: 1000,",
    "    restart_delay: 59000,",
    "  }",
  ]);
});
