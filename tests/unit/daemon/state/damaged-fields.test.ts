import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants } from "node:os";
import { expect, test } from "vitest";
import { appSpecSchema } from "../../../../runtime/contract/api/spec-schema.ts";
import { longestMs, signalNames } from "../../../../runtime/contract/ranges.ts";
import { planRestore } from "../../../../runtime/daemon/restore.ts";
import * as v from "valibot";
import { app, changed, declared, open, temporaryFolder } from "./samples.ts";

/** Every path of a value, to its leaves. */
function paths(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, each]) => paths(each, [...path, key]));
  return path.length === 0 ? inner : [path, ...inner];
}

const odd = [null, "", "../../x", "garbage", -1, 0, 1.5, 1e300, true, [], {}, "SIGNOPE", "999"];

function withValue(record: unknown, path: readonly string[], value: unknown): unknown {
  const copy = structuredClone(record) as Record<string, unknown>;
  const last = path.at(-1) ?? "";
  const parent = path.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, copy);
  parent[last] = value;
  return copy;
}

const records = [declared("api"), changed(0)].map((entry, index) => ({
  v: 1,
  seq: 3 + index,
  ...entry,
}));

test.each(records.map((record) => [record.type, record] as const))(
  "a record %s with any field damaged costs that record at most: the daemon comes up",
  (_, record) => {
    const directory = join(temporaryFolder(), "state");
    const store = open(directory);
    store.append(declared("other"));
    store.append(changed(7, { app: "other", status: "stopped", goal: "stop", child: null }));
    const journal = join(directory, "journal.ndjson");
    const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
    for (const path of paths(record)) {
      for (const value of odd) {
        const damaged = withValue(record, path, value) as { seq: unknown };
        const seq = path[0] === "seq" ? damaged.seq : lines.length + 1;
        lines.push(JSON.stringify({ ...damaged, seq }));
        if (value !== odd.at(-1)) continue;
        const copy = join(temporaryFolder(), "state");
        cpSync(directory, copy, { recursive: true });
        writeFileSync(join(copy, "journal.ndjson"), `${lines.join("\n")}\n`);
        const { restored } = open(copy);
        const plan = planRestore({
          restored,
          home: copy,
          wasRebooted: true,
          at: 5_000,
          endOf: () => undefined,
        });
        expect(plan.apps.map(({ key }) => key)).toContain("other");
        lines.splice(2);
      }
    }
  },
  120_000,
);

test("a number out of its range comes back in it, and an unknown signal as SIGINT", () => {
  const directory = join(temporaryFolder(), "state");
  const { spec } = app("api");
  const wild = {
    ...spec,
    stopSignal: "SIGNOPE",
    policy: { ...spec.policy, killTimeoutMs: 1e15, reload: { concurrency: 0, surge: true } },
    sensors: { ...spec.sensors, heartbeatMs: 0 },
  };
  open(directory).append({ type: "app.declared", at: 1, app: { key: "api", spec: wild } });

  const [restored] = open(directory).restored.apps;
  expect(restored?.spec.stopSignal).toBe("SIGINT");
  expect(restored?.spec.policy.killTimeoutMs).toBe(longestMs);
  expect(restored?.spec.policy.reload.concurrency).toBe(1);
  expect(restored?.spec.sensors.heartbeatMs).toBe(100);
});

test.each([
  ["policy.killTimeoutMs", 2 ** 31],
  ["policy.restart.restartDelayMs", -1],
  ["policy.listenTimeoutMs", 1e300],
  ["policy.probe", { kind: "tcp", host: "x", port: 1_000_000_000 }],
  ["policy.probe", { kind: "tcp", host: "x", port: 0 }],
  ["sensors.heartbeatMs", 0],
  ["sensors.heartbeatMs", 1e12],
  ["stopSignal", "SIGNOPE"],
  ["uid", -1],
  ["gid", 2 ** 32 - 1],
])("the API refuses %s of %j", (path, value) => {
  expect(v.safeParse(appSpecSchema, app("api").spec).success).toBe(true);
  const result = v.safeParse(appSpecSchema, withValue(app("api").spec, path.split("."), value));
  expect(result.success).toBe(false);
  expect(v.getDotPath(result.issues?.[0] as v.BaseIssue<unknown>)).toMatch(path);
});

test("the signals that are known are the system's", () => {
  expect([...signalNames].sort()).toEqual(Object.keys(constants.signals).sort());
});
