import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createMachine } from "xstate";
import { expect, test } from "vitest";
import { testHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

test("a chart is written with the states lit that a process is in, each marked without colour too", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "api", "--min-uptime", "1h");
  const svg = await home.ok("chart", "api");
  for (const state of ["process", "alive", "online", "uptime", "fresh", "sensors", "off"]) {
    expect(svg).toContain(`>● ${state}<`);
  }
  for (const state of ["stable", "waiting", "stopped"]) expect(svg).toContain(`>${state}<`);
  await home.ok("stop", "api");
  expect(await home.ok("chart", "process", "api")).toContain(">● resting<");
  expect(await home.ok("chart", "app", "0")).toContain(">● settled<");
  expect(await home.ok("chart", "god", "api", "--format", "mermaid")).toContain(
    "class god_running lit",
  );
  const { code, stderr } = await home.xm("chart", "reload", "api");
  expect([code, stderr.includes("no reload of api is in progress")]).toEqual([1, true]);
});

test("without a process the chart comes without a daemon, as SVG, PNG, mermaid or Stately's JSON", async () => {
  const home = testHome();
  const file = join(home.folder, "chart.png");
  await home.ok("chart", "reload", "--format", "png", "-o", file);
  expect(readFileSync(file).subarray(1, 4).toString()).toBe("PNG");
  expect(await home.ok("chart")).toContain('aria-label="process: the statechart"');
  expect(await home.ok("chart", "app", "--format", "mermaid")).toMatch(/^stateDiagram-v2\n/);
  const config = JSON.parse(await home.ok("chart", "process", "--format", "json")) as object;
  expect(Object.keys(createMachine(config).states)).toContain("waiting");
  expect(home.godLog()).toBe("");
  const { code, stderr } = await home.xm("chart", "--format", "gif");
  expect([code, stderr.includes("--format: expected svg, png, mermaid, json")]).toEqual([1, true]);
});

test("the dependency graph is drawn of the list, of one app's part of it, and of a file", async () => {
  const home = testHome();
  const script = program("stays.js");
  const file = home.file(
    "ecosystem.config.json",
    JSON.stringify({
      apps: [
        { name: "db", script, autostart: false },
        { name: "api", script, depends_on: { db: { required: false } } },
        { name: "web", script, depends_on: ["api"] },
        { name: "alone", script },
      ],
    }),
  );
  const planned = await home.ok("chart", "deps", file);
  expect(planned).toContain(">· web<");
  expect(home.godLog()).toBe("");
  await home.ok("start", file);
  await home.ok("stop", "db");
  const picture = join(home.folder, "deps.svg");
  await home.ok("chart", "deps", "-o", picture);
  const svg = readFileSync(picture, "utf8");
  for (const words of ["○ db", "● api", "● web", "● alone", "optional"])
    expect(svg).toContain(`>${words}<`);
  expect(await home.ok("chart", "deps", "web")).not.toContain("alone");
  const graph = JSON.parse(await home.ok("chart", "deps", "--format", "json")) as {
    edges: { from: string; to: string }[];
  };
  expect(graph.edges.map(({ from, to }) => `${from} → ${to}`)).toEqual(["api → db", "web → api"]);
  const { code, stderr } = await home.xm("chart", "deps", "nobody");
  expect([code, stderr.includes("nobody")]).toEqual([1, true]);
});
