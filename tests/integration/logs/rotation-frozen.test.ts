import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ownFilesRule } from "../../../machines/log-rotation.ts";
import { createGroups } from "../../../runtime/host/groups/groups.ts";
import { membersOf, numbersIn } from "../../../runtime/host/groups/group.ts";
import { readProcess } from "../../../runtime/host/procfs.ts";
import { recoverRotation } from "../../../runtime/host/rotation/recover.ts";
import { rotateFile } from "../../../runtime/programs/rotator/rotate.ts";
import { hasGroups } from "../../support/cgroup.ts";
import { until } from "../../support/condition.ts";
import {
  calmCluster,
  countLines,
  endWriter,
  rotateAndDie,
  startWriter,
  writers,
} from "../../support/rotation.ts";

const exact = { lost: 0, doubled: 0, torn: 0 };

/** A writer in a cgroup of its own, as an app with limits is. */
function place(command: Parameters<typeof startWriter>[0]) {
  const folder = mkdtempSync(join(tmpdir(), "xm-frozen-"));
  const intents = join(folder, "rotation");
  mkdirSync(intents);
  const file = join(folder, "app-out.log");
  const groups = createGroups({ home: folder });
  const group = groups.make("0-life", {});
  const writer: ChildProcess = startWriter(command, file);
  writeFileSync(join(group, "cgroup.procs"), String(writer.pid));
  onTestFinished(async () => {
    await endWriter(writer);
    await until("the group to be gone", () => groups.tidy(true));
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, intents, file, group, writer };
}

const grows = async (file: string): Promise<void> => {
  const before = statSync(file).size;
  await until("more lines", () => statSync(file).size !== before);
};

const isFrozen = (group: string): boolean => numbersIn(group, "cgroup.events").get("frozen") === 1;

const rotate = (
  { file, intents }: { file: string; intents: string },
  onStep?: (step: string) => void,
) =>
  rotateFile({
    file,
    owner: null,
    folder: intents,
    rule: ownFilesRule,
    never: [],
    now: Date.now,
    pauseMs: 10_000,
    ...(onStep === undefined ? {} : { onStep }),
  });

describe.runIf(hasGroups)("an app with a cgroup is frozen as a whole", () => {
  test.each([
    "Node flat out",
    "Node 20,000/s",
    "Python flat out",
    "a shell with children",
    "a cluster of 4",
  ])(
    "%s: no line is lost, doubled or torn, and no process is stopped by a signal",
    async (name) => {
      const its = place(writers[name] as never);
      await until("lines", () => statSync(its.file).size > 0);
      let seen = 0;
      for (let rotated = 0; rotated < 3;) {
        await grows(its.file);
        const { kind } = rotate(its, (step) => {
          if (step !== "still") return;
          seen += 1;
          expect(isFrozen(its.group)).toBe(true);
          const states = membersOf(its.group).map((pid) => readProcess(pid)?.state);
          expect(states).not.toContain("T");
        });
        expect(isFrozen(its.group)).toBe(false);
        if (kind === "rotated") rotated += 1;
      }
      expect(seen).toBeGreaterThanOrEqual(3);
      await grows(its.file);
      await endWriter(its.writer);
      expect(countLines(its.file)).toMatchObject({ ...exact, files: 4 });
      expect(readdirSync(its.intents)).toEqual([]);
    },
  );

  test.each(["declared", "stopped", "still", "cut", "renamed", "emptied", "rest", "running"])(
    "a rotator that is killed after `%s`: the next daemon lets the app run again",
    async (step) => {
      const its = place(calmCluster);
      await until("lines", () => statSync(its.file).size > 5_000);
      await rotateAndDie({ ...its, step });
      if (step === "still") expect(isFrozen(its.group)).toBe(true);
      recoverRotation(its.intents);
      expect(isFrozen(its.group)).toBe(false);
      await grows(its.file);
      await endWriter(its.writer);
      expect(countLines(its.file)).toMatchObject(exact);
    },
  );

  test("a frozen app can be killed", async () => {
    const its = place(calmCluster);
    await until("lines", () => statSync(its.file).size > 5_000);
    await rotateAndDie({ ...its, step: "still" });
    writeFileSync(join(its.group, "cgroup.kill"), "1");
    await until("it to be gone", () => membersOf(its.group).length === 0);
    recoverRotation(its.intents);
  });
});
