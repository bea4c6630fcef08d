import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, xmFile } from "../support/home.ts";

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly Attribute[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface SentMetric {
  readonly name: string;
  readonly unit: string;
  readonly gauge?: {
    readonly dataPoints: readonly { asDouble: number; attributes: Attribute[] }[];
  };
  readonly sum?: { readonly isMonotonic: boolean; readonly dataPoints: readonly object[] };
}

/** What a collector gets by OTLP: spans and metrics in JSON, and of every request its path and type. */
async function collector() {
  const spans: SentSpan[] = [];
  const metrics: SentMetric[] = [];
  const resources: Attribute[] = [];
  const requests: { path: string; type: string; body: Buffer }[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts);
      const type = request.headers["content-type"] ?? "";
      requests.push({ path: request.url ?? "", type, body });
      if (status === 200 && type === "application/json") {
        const sent = JSON.parse(body.toString()) as {
          resourceSpans?: {
            resource: { attributes: Attribute[] };
            scopeSpans: { spans: SentSpan[] }[];
          }[];
          resourceMetrics?: { scopeMetrics: { metrics: SentMetric[] }[] }[];
        };
        for (const { resource, scopeSpans } of sent.resourceSpans ?? []) {
          resources.push(...resource.attributes);
          spans.push(...scopeSpans.flatMap((each) => each.spans));
        }
        for (const { scopeMetrics } of sent.resourceMetrics ?? [])
          metrics.push(...scopeMetrics.flatMap((each) => each.metrics));
      }
      response.writeHead(status, { "content-type": "application/json" }).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const answer = (next: number): void => {
    status = next;
  };
  return { endpoint: `http://127.0.0.1:${port}`, spans, metrics, resources, requests, answer };
}

const valueOf = (of: { readonly attributes?: readonly Attribute[] }, key: string): unknown =>
  Object.values(of.attributes?.find((each) => each.key === key)?.value ?? {})[0];

test("lives, a reload and a start in order are traces, metrics are those of `xm metrics`, over the daemon's death", async () => {
  const home = testHome();
  const { endpoint, spans, metrics, resources, answer, requests } = await collector();
  const ready = "setTimeout(() => process.send('ready'), 300); setInterval(() => {}, 1000);";
  const api = {
    name: "api",
    script: home.file("api.cjs", ready),
    wait_ready: true,
    depends_on: { db: { condition: "service_healthy" } },
  };
  const db = { name: "db", script: home.file("db.cjs", ready), wait_ready: true };
  const apps = [api, db];
  await home.ok("start", home.file("ecosystem.config.json", JSON.stringify({ apps })));

  const flags = [
    "--endpoint",
    endpoint,
    "--protocol",
    "http/json",
    "--every",
    "1s",
    "--since",
    "1h",
  ];
  const sender = spawn(process.execPath, [xmFile, "otel", ...flags], {
    env: { ...process.env, XM_HOME: home.paths.home, OTEL_RESOURCE_ATTRIBUTES: "env=test" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void sender.kill("SIGKILL"));
  let stderr = "";
  sender.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
  const ended = once(sender, "exit");
  const span = (name: string): Promise<SentSpan> =>
    until(name, () => spans.find((each) => each.name === name), {
      withinMs: 30_000,
      saw: () => [spans.map((each) => each.name), stderr],
    });

  const start = await span("start of 2 apps");
  expect(valueOf(start, "xm.longest_chain")).toBe("db > api");
  const children = spans.filter(({ parentSpanId }) => parentSpanId === start.spanId);
  expect(children.map(({ name }) => name)).toEqual(["start of db", "start of api"]);
  expect(children.every(({ traceId }) => traceId === start.traceId)).toBe(true);
  expect(resources.find(({ key }) => key === "env")?.value).toEqual({ stringValue: "test" });

  await home.ok("reload", "api");
  const reload = await span("reload of api");
  const steps = spans.filter(({ parentSpanId }) => parentSpanId === reload.spanId);
  expect(steps.map(({ name }) => name)).toEqual(["launching", "draining"]);

  // A life that began before the daemon died, and ends under the next one.
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  const { pid } = await home.process("db");
  process.kill(pid ?? 0, "SIGKILL");
  const life = await span("life of db");
  // It was not this daemon's child, which is all that is known of its end.
  expect(life.status).toMatchObject({ code: 2, message: "ended, the daemon could not see how" });
  expect(Number(valueOf(life, "process.pid"))).toBe(pid);
  expect(valueOf(life, "xm.rule")).toBe("restartsAtOnce");

  const up = await until("a metric", () =>
    metrics.findLast(({ name }) => name === "xm_process_up"),
  );
  expect(up.gauge?.dataPoints.map((point) => valueOf(point, "app")).toSorted()).toEqual([
    "api",
    "db",
  ]);
  const restarts = metrics.find(({ name }) => name === "xm_process_restarts_total");
  expect(restarts?.sum?.isMonotonic).toBe(true);

  // A collector that fails for a while is named once, and again when it is back.
  answer(400);
  await until("its refusal", () => stderr.includes("nothing can be sent"), { withinMs: 30_000 });
  answer(200);
  await until("its return", () => stderr.includes("it is sent again"), { withinMs: 30_000 });
  expect(stderr.match(/nothing can be sent/g)).toHaveLength(1);

  // What ends with it is sent before it exits.
  await home.ok("stop", "api");
  sender.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  const lives = spans.filter(({ name }) => name === "life of api");
  expect(lives.map((each) => valueOf(each, "xm.stopped_by"))).toEqual(["`xm reload`", "`xm stop`"]);
  for (const each of spans)
    expect(BigInt(each.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(each.startTimeUnixNano));
  expect(new Set(requests.map(({ path }) => path))).toEqual(new Set(["/v1/traces", "/v1/metrics"]));
});

test("once: protobuf by default; what cannot be sent or is given wrongly is an error", async () => {
  const home = testHome();
  const { endpoint, requests } = await collector();
  await home.ok("start", home.file("app.cjs", "setInterval(() => {}, 1000);"));
  await home.ok("otel", "--once", "--endpoint", `${endpoint}/`);
  expect(requests.map(({ path, type }) => [path, type])).toEqual([
    ["/v1/metrics", "application/x-protobuf"],
  ]);
  expect(requests[0]?.body.includes("xm_process_up")).toBe(true);

  const fails = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await home.xm("otel", ...args);
    expect(code).toBe(1);
    return stderr;
  };
  expect(await fails("--once", "--endpoint", "http://127.0.0.1:1")).toMatch(
    /not everything was sent: .*ECONNREFUSED/,
  );
  expect(await fails("--endpoint", "localhost:4318")).toMatch(/--endpoint: expected an address/);
  expect(await fails("--protocol", "grpc")).toMatch(
    /--protocol: expected http\/protobuf or http\/json/,
  );
  expect(await fails("--every", "soon")).toMatch(/--every: expected a time/);
  expect(await fails("--every", "5ms")).toMatch(/at least 1000 ms/);
});
