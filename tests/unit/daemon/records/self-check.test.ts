import { expect, test } from "vitest";
import { brokenRule } from "../../../../runtime/daemon/records/recorder.ts";
import { SimulatedProcess } from "../../../support/machines/simulated-process.ts";
import { appSpec } from "../../../support/machines/spec.ts";

test("the daemon's own check finds what no state may be, and nothing in what is", () => {
  const { facts } = new SimulatedProcess(appSpec());
  expect(brokenRule(facts)).toBeUndefined();
  expect(brokenRule({ ...facts, child: null })).toBe("online without a child");
  expect(brokenRule({ ...facts, status: "waiting", restartAt: 1 })).toBe(
    "waiting while pid 1000 lives",
  );
  expect(brokenRule({ ...facts, status: "waiting", child: null })).toBe(
    "waiting without a deadline",
  );
  expect(brokenRule({ ...facts, status: "stopping" })).toBe("stopping without a deadline");
  expect(brokenRule({ ...facts, status: "stopped" })).toBe("stopped while pid 1000 lives");
});
