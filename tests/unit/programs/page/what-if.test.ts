import { expect, test } from "vitest";
import { simulate } from "../../../../machines/simulation.ts";
import {
  firstCrashForm,
  readCrash,
  recordedPattern,
} from "../../../../runtime/programs/page/whatif/crash-form.ts";
import { plainSpec } from "../../../../runtime/contract/fields/plain-spec.ts";
import {
  formOf,
  meaningOf,
  policyFields,
  readPolicy,
} from "../../../../runtime/programs/page/whatif/policy-form.ts";
import { segmentsOf } from "../../../../runtime/programs/page/whatif/segments.ts";
import { snippetOf } from "../../../../runtime/programs/page/whatif/snippet.ts";
import { policyOf } from "../../../../runtime/client/config/policy.ts";
import { readFields } from "../../../../runtime/client/config/read-fields.ts";
import { crashLoop } from "../../../support/inspector/history.ts";
import { appSpec } from "../../../support/machines/spec.ts";

const rich = appSpec({
  restart: {
    mode: "on-failure",
    maxRestarts: 5,
    minUptimeMs: 2_500,
    restartWindowMs: 60_000,
    restartDelayMs: 250,
    backoff: { initialMs: 100, factor: 2, maxMs: 5_000, jitter: 0.2, resetAfterMs: 10_000 },
    stopExitCodes: [0, 3],
  },
  policy: { readiness: "message", listenTimeoutMs: 4_000 },
});

test("what the form shows of a policy is read back as that policy", () => {
  for (const spec of [rich, plainSpec]) {
    expect(readPolicy(spec, formOf(spec.policy))).toEqual({ spec, faults: {} });
  }
});

test("every fault of the form is told by its field", () => {
  const form = {
    ...formOf(plainSpec.policy),
    max_restarts: "many",
    min_uptime: "soon",
    exp_backoff_restart_jitter: "2",
    stop_exit_codes: "0, x",
    restart_delay: "",
  };
  expect(readPolicy(plainSpec, form).faults).toEqual({
    max_restarts: "expected a whole number of at least 0",
    min_uptime: 'expected a time such as "500ms", "10s", "1h"',
    exp_backoff_restart_jitter: "expected a number from 0 to 1",
    stop_exit_codes: "expected codes such as 0, 3",
    restart_delay: 'expected a time such as "500ms", "10s", "1h"',
  });
});

test("every field has a meaning in the configuration reference", () => {
  expect(policyFields.filter((field) => meaningOf(field) === "")).toEqual([]);
});

test("the snippet is an entry of an ecosystem file that is read as that policy again", () => {
  const text = snippetOf({ ...rich, name: "api" });
  expect(text).toContain('  name: "api",\n  restart: "on-failure",\n  stop_exit_codes: [0,3],\n');
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- an ecosystem file is a program
  const raw = new Function(`return (${text})`)() as Record<string, unknown>;
  const { app, faults } = readFields(raw, "");
  const policy = policyOf(app, { caller: {}, mode: "fork" });
  expect(faults).toEqual([]);
  expect(policy.restart).toEqual(rich.policy.restart);
  expect(policy.readiness).toBe("message");
});

test("a behaviour is read as the lives it means", () => {
  const life = { lifeMs: 500, code: 1, signal: null, readyMs: 0 };
  const stays = { lifeMs: null, code: null, signal: null, readyMs: 0 };
  expect(readCrash(firstCrashForm, [])).toEqual({ pattern: [life], forMs: 3_600_000, faults: {} });
  expect(readCrash({ ...firstCrashForm, kind: "first", crashes: "2" }, []).pattern).toEqual([
    life,
    life,
    stays,
  ]);
  const signal = { ...firstCrashForm, end: "signal", ready: "never" } as const;
  expect(readCrash(signal, []).pattern).toEqual([
    { lifeMs: 500, code: null, signal: "SIGSEGV", readyMs: null },
  ]);
  expect(readCrash({ ...firstCrashForm, kind: "never" }, []).pattern).toEqual([stays]);
  expect(
    readCrash({ ...firstCrashForm, after: "?", code: "256", playFor: "0" }, []).faults,
  ).toEqual({
    after: 'expected a time such as "500ms", "10s", "1h"',
    code: "expected a whole number from 0 to 255",
    playFor: "expected a time longer than 0",
  });
});

test("the recorded pattern is the lives that ended by themselves, and played it ends as they did", () => {
  const asked = crashLoop().map((record) =>
    record.seq === 2 && record.exit !== null
      ? { ...record, exit: { ...record.exit, askedBy: "`xm restart`" } }
      : record,
  );
  expect(recordedPattern(asked).length).toBe(2);
  const pattern = recordedPattern(crashLoop());
  const spec = appSpec({ restart: { maxRestarts: 3, restartDelayMs: 300 } });
  const { events, end } = simulate({ spec, pattern, forMs: 60_000 });
  expect([end.status, end.at]).toEqual(["errored", 2_100]);
  const played = events.flatMap(({ decision }) => decision?.rule ?? []);
  expect(played).toEqual(crashLoop().flatMap(({ decision }) => decision?.rule ?? []));
  const none = readCrash({ ...firstCrashForm, kind: "recorded" }, []);
  expect(none.faults).toEqual({ kind: "no exit of this process is recorded" });
});

test("the bar of a simulation is as long as it, and shows the shortest status", () => {
  const { events, end } = simulate({
    spec: appSpec({ restart: { maxRestarts: 3, restartDelayMs: 300 } }),
    pattern: [{ lifeMs: 500, code: 1, signal: null, readyMs: 0 }],
    forMs: 60_000,
  });
  const segments = segmentsOf({ events }, { until: end.at, width: 2_100 });
  expect(segments.map(({ status }) => status)).toEqual([
    "online",
    "waiting",
    "online",
    "waiting",
    "online",
    "errored",
  ]);
  expect(segments[1]).toEqual({ x: 500, width: 300, status: "waiting" });
});
