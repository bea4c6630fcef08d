import { expect, test } from "vitest";
import { renderPlan, takenFor } from "../../../cli/render/plan.ts";
import { appSpec } from "../../support/machines/spec.ts";
import { planned } from "../../support/plan.ts";

test("the hooks of an app stand at their place in its plan", async () => {
  const hook = { command: "true", timeoutMs: 1_000, mayFail: false };
  const hooks = { pre_start: hook, post_start: hook, pre_stop: hook, post_stop: hook };
  const specs = [appSpec({ spec: { name: "api", hooks } })];
  const times = takenFor(specs, { wanted: new Map(), seen: new Map() });
  const lines = async (action: "start" | "stop"): Promise<string[]> =>
    renderPlan(await planned(action, specs), { file: "f.json", specs, times })
      .split("\n")
      .filter((line) => line.trimStart().startsWith("+"))
      .map((line) => line.trim().split(/ {2,}/).slice(2).join(": "));
  expect(await lines("start")).toEqual([
    "launching: runs pre_start",
    "online: starts, and is online at once",
    "online: runs post_start",
  ]);
  expect(await lines("stop")).toEqual([
    "stopping: is asked to exit",
    "stopping: runs pre_stop",
    "stopping: has exited",
    "stopping: runs post_stop",
    "stopped: Ended by SIGINT (`xm stop`) after 1.1 s; it stays stopped, because `xm stop` stopped it.",
  ]);
});
