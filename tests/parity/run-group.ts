import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { differences, judge, type Facts } from "./compare.ts";
import { declared } from "./declared.ts";
import { pm2, xm, type Manager } from "./manager.ts";
import { readObserved, writeObserved } from "./observed.ts";
import type { Scenario } from "./scenario.ts";
import { openStage } from "./stage.ts";

/** `npm run parity`: PM2 itself, in every scenario. Otherwise what was seen of it, and itself in a sample. */
const isLive = process.env["PARITY"] === "live";

/**
 * Makes a test of each scenario: what Ex Machina does is what PM2 does, but for what is declared. Live, PM2 runs
 * first and what it did is kept; otherwise what was kept is compared with, and in the samples is checked too.
 */
export function runGroup(group: string, all: readonly Scenario[]): void {
  const inTable = declared[group] ?? {};
  const scenarios = all.map((each) => ({
    ...each,
    differs: { ...each.differs, ...inTable[each.name] },
  }));
  const kept = isLive ? {} : readObserved(group);
  const seen = new Map<string, Facts>();
  const reasons = declaredReasons();
  test(`${group}: every scenario has a name of its own, and each declared difference its row`, () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
    const missing = scenarios.flatMap(({ differs }) =>
      Object.values(differs).filter((subject) => !reasons.has(subject)),
    );
    expect(missing).toEqual([]);
    const names = scenarios.map(({ name }) => name);
    expect(Object.keys(inTable).filter((name) => !names.includes(name))).toEqual([]);
  });
  for (const scenario of scenarios) {
    test.concurrent(scenario.name, async () => {
      const theirs = isLive || scenario.isSample ? await play(scenario, pm2) : kept[scenario.name];
      if (theirs === undefined) throw new Error("PM2 was never seen in it: run npm run parity");
      if (isLive) seen.set(scenario.name, theirs);
      else if (scenario.isSample) {
        expect(theirs, "PM2 does not what was kept of it: run npm run parity").toEqual(
          kept[scenario.name],
        );
      }
      const { undeclared, gone } = judge(
        differences(theirs, await play(scenario, xm)),
        scenario.differs,
      );
      const lines = [
        ...undeclared.map((each) => `${each.path}: PM2 ${show(each.pm2)}, xm ${show(each.xm)}`),
        ...gone.map((place) => `${place}: declared to differ, and does not`),
      ];
      if (lines.length > 0) throw new Error(`\n${lines.join("\n")}`);
    });
  }
  if (isLive) {
    afterAll(() => {
      const names = scenarios.map(({ name }) => name);
      writeObserved(group, names, seen);
    });
  }
}

async function play(scenario: Scenario, manager: Manager): Promise<Facts> {
  const { stage, facts, close } = openStage(manager);
  try {
    await scenario.run(stage);
    // JSON has no `undefined`: both sides go through it.
    return JSON.parse(JSON.stringify(facts())) as Facts;
  } catch (error) {
    throw new Error(`under ${manager.name}: ${String(error)}\n${stage.record()}`, { cause: error });
  } finally {
    await close();
  }
}

/** The first column of the table of docs/reference/differences.md. */
function declaredReasons(): Set<string> {
  const page = join(import.meta.dirname, "../../docs/reference/differences.md");
  return new Set(
    readFileSync(page, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .map((line) => (line.split("|")[1] ?? "").replaceAll("`", "").trim()),
  );
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
