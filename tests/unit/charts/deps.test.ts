import fc from "fast-check";
import { expect, test } from "vitest";
import {
  boxHeight,
  layoutDeps,
  type DepsEdge,
  type DepsGraph,
} from "../../../runtime/charts/deps.ts";
import { drawDeps, mermaidDeps } from "../../../runtime/charts/deps-svg.ts";
import { graphOfList, graphOfSpecs } from "../../../cli/apps/deps-graph.ts";
import type { ProcessDetail } from "../../../runtime/client/connection/types.ts";
import { appSpec } from "../../support/machines/spec.ts";

const on = (app: string, more: object = {}) => ({
  app,
  condition: "usual" as const,
  isRequired: true,
  ...more,
});

const detail = (name: string, more: object = {}): ProcessDetail =>
  ({
    id: 0,
    app: name,
    name,
    status: "online",
    health: null,
    waitsFor: [],
    decisions: [],
    spec: appSpec({ spec: { name } }),
    ...more,
  }) as never;

test("any graph is placed without two boxes over each other, each app right of what it depends on", () => {
  const graphs = fc.integer({ min: 1, max: 12 }).chain((count) =>
    fc
      .array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 20 })
      .map((pairs): DepsGraph => {
        const edges = pairs
          .filter(([a, b]) => a > b)
          .map(([a, b]): DepsEdge => {
            return { from: `a${a}`, to: `a${b}`, label: "", is: "met", isRequired: true };
          });
        const nodes = Array.from({ length: count }, (_, index) => ({
          key: `a${index}`,
          name: `app-${index}`,
          state: "online",
          mood: "up" as const,
        }));
        return { nodes, edges };
      }),
  );
  fc.assert(
    fc.property(graphs, (graph) => {
      const { nodes, edges, width, height } = layoutDeps(graph);
      const at = new Map(nodes.map((placed) => [placed.node.key, placed]));
      for (const { edge, points } of edges) {
        const [from, to] = [at.get(edge.from), at.get(edge.to)];
        expect(from?.x).toBeGreaterThan((to?.x ?? 0) + (to?.width ?? 0));
        expect([points[0]?.x, points.at(-1)?.x]).toEqual([
          from?.x,
          (to?.x ?? 0) + (to?.width ?? 0),
        ]);
      }
      for (const [index, a] of nodes.entries()) {
        expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + boxHeight <= height).toBe(
          true,
        );
        for (const b of nodes.slice(index + 1)) {
          const isApart =
            a.x + a.width <= b.x ||
            b.x + b.width <= a.x ||
            a.y + boxHeight <= b.y ||
            b.y + boxHeight <= a.y;
          expect(isApart, `${a.node.key} and ${b.node.key}`).toBe(true);
        }
      }
      expect(layoutDeps(graph)).toEqual(layoutDeps(graph));
    }),
    { numRuns: 200 },
  );
});

test("a picture says by colour, mark and words what each app is, what waits and what is lost", () => {
  const graph = graphOfList([
    detail("db", { health: "unhealthy" }),
    detail("cache"),
    detail("job", {
      status: "completed",
      spec: appSpec({
        spec: { name: "job" },
        restart: { job: { remainsAfterExit: false, runTimeoutMs: null } },
      }),
    }),
    detail("api", {
      status: "pending",
      spec: appSpec({
        spec: { name: "api", dependsOn: [on("db", { onLoss: "stop" }), on("cache"), on("job")] },
      }),
      waitsFor: [{ app: "db", condition: "service_started", state: "launching", isLost: false }],
    }),
    detail("web", {
      status: "errored",
      spec: appSpec({
        spec: { name: "web", dependsOn: [on("api", { isRequired: false }), on("gone")] },
      }),
      decisions: [{ rule: "lostItsDependency", saw: { gone: "not in the list" } }],
    }),
  ]);
  expect(graph.nodes.map(({ name, state, mood }) => [name, state, mood])).toEqual([
    ["db", "online, unhealthy", "down"],
    ["cache", "online", "up"],
    ["job", "completed", "up"],
    ["api", "pending", "waiting"],
    ["web", "errored", "down"],
    ["gone", "not in the list", "unknown"],
  ]);
  expect(graph.edges.map(({ from, to, label, is }) => [from, to, label, is])).toEqual([
    ["api", "db", "on_loss: stop", "waiting"],
    ["api", "cache", "", "met"],
    ["api", "job", "completed_successfully", "met"],
    ["web", "api", "optional", "met"],
    ["web", "absent gone", "", "lost"],
  ]);
  const svg = drawDeps(graph);
  for (const words of ["✕ db", "● cache", "◔ api", "· gone", "on_loss: stop"])
    expect(svg).toContain(`>${words}<`);
  expect(svg.match(/class="waiting" d=/g)?.length).toBe(1);
  expect(svg.match(/class="lost" d=/g)?.length).toBe(1);
  expect(mermaidDeps(graph)).toContain('n3 -.->|"on_loss: stop"| n0');
});

test("several processes are counted, and some apps are shown with all that is joined to them", () => {
  const api = appSpec({ spec: { name: "api", dependsOn: [on("db")] } });
  const web = appSpec({ spec: { name: "web", dependsOn: [on("api")] } });
  const details = [
    detail("db", { id: 0 }),
    detail("api", { id: 1, spec: api }),
    detail("api", { id: 2, spec: api, status: "waiting" }),
    detail("web", { id: 3, spec: web }),
    detail("other", { id: 4 }),
  ];
  const { nodes, edges } = graphOfList(details, new Set([1]));
  expect(nodes.map(({ name, state }) => `${name}: ${state}`)).toEqual([
    "db: online",
    "api: 1 online, 1 waiting restart",
    "web: online",
  ]);
  expect(edges.length).toBe(2);
});

test("names cannot break out of the picture", () => {
  const graph = graphOfSpecs([appSpec({ spec: { name: 'a"<script>&' } })]);
  const svg = drawDeps(graph);
  expect(svg).not.toContain("<script>");
  expect(svg).toContain("a&quot;&lt;script&gt;&amp;");
  expect(mermaidDeps(graph)).toContain("a#quot;#lt;script>&");
});
