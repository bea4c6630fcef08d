import { execFile, spawn, spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, xmFile, type TestHome } from "../support/home.ts";
import { freePort } from "../support/ports.ts";

const examples = join(import.meta.dirname, "../../docs/examples/monitoring");
const run = promisify(execFile);

const isThere = spawnSync("promtool", ["--version"]).error === undefined;
if (!isThere && process.env["CI"]) throw new Error("CI has no prometheus: .ci/run installs it");

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** Prometheus over the example configuration, with the port and a shorter interval. */
async function prometheusOver(
  home: TestHome,
  target: number,
): Promise<(query: string) => Promise<Series[]>> {
  const port = await freePort();
  const text = readFileSync(join(examples, "prometheus.yaml"), "utf8");
  const config = join(home.folder, "prometheus.yaml");
  writeFileSync(
    config,
    text.replaceAll("127.0.0.1:9209", `127.0.0.1:${target}`).replaceAll("15s", "1s"),
  );
  copyFileSync(join(examples, "alerts.yaml"), join(home.folder, "alerts.yaml"));
  await run("promtool", ["check", "config", config]);
  const server = spawn(
    "prometheus",
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(home.folder, "tsdb")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
  const isGone = new Promise((resolve) => server.once("exit", resolve));
  onTestFinished(async () => {
    server.kill("SIGTERM");
    await isGone;
  });
  return async (query) => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`;
    const answer = (await (await fetch(url)).json()) as {
      status: string;
      error?: string;
      data: { result: Series[] };
    };
    expect([query, answer.error]).toEqual([query, undefined]);
    return answer.data.result;
  };
}

test.skipIf(!isThere)(
  "the alert rules and every query of the dashboard work on a real Prometheus",
  async () => {
    await run("promtool", ["check", "rules", join(examples, "alerts.yaml")]);
    const home = testHome();
    await home.ok(
      "start",
      home.file("up.cjs", "setInterval(() => {}, 1000);"),
      "--name",
      "up",
      "--max-memory-restart",
      "1G",
    );
    await home.xm(
      "start",
      home.file("bad.cjs", "process.exit(3);"),
      "--name",
      "bad",
      "--max-restarts",
      "1",
    );
    await until("it is given up", async () => (await home.process("bad")).status === "errored");
    // What Prometheus itself gets; promtool does not read OpenMetrics.
    await home.ok("metrics", "--textfile", join(home.folder, "xm.prom"));
    const text = readFileSync(join(home.folder, "xm.prom"), "utf8");
    const checked = spawnSync("promtool", ["check", "metrics"], {
      input: text,
    });
    expect(checked.stderr.toString()).toBe("");
    expect(checked.status).toBe(0);

    const target = await freePort();
    const metrics = spawn(
      process.execPath,
      [xmFile, "metrics", "--listen", `127.0.0.1:${target}`],
      {
        env: { ...process.env, XM_HOME: home.paths.home },
        stdio: "ignore",
      },
    );
    onTestFinished(() => void metrics.kill("SIGKILL"));
    const query = await prometheusOver(home, target);
    const asked = (text: string): Promise<Series[]> => query(text).catch(() => []);
    await until(
      "the first scrapes",
      async () => Number((await asked("count_over_time(xm_daemon_up[1m])"))[0]?.value[1] ?? 0) >= 3,
      {
        withinMs: 60_000,
      },
    );
    const errored = await query('xm_process_state{state="errored"} == 1');
    expect(errored.map(({ metric }) => metric["app"])).toEqual(["bad"]);
    const pending = await until("the alert", async () => {
      const alerts = await query('ALERTS{alertname="XmAppErrored"}');
      return alerts.length > 0 && alerts;
    });
    expect(pending[0]?.metric).toMatchObject({ app: "bad", severity: "critical" });
    expect(await query('ALERTS{alertname!="XmAppErrored"}')).toEqual([]);

    const dashboard = JSON.parse(
      readFileSync(join(examples, "grafana-dashboard.json"), "utf8"),
    ) as {
      panels: { title: string; targets: { expr: string }[] }[];
    };
    for (const { title, targets } of dashboard.panels) {
      for (const { expr } of targets) {
        const found = await query(expr.replaceAll("$app", ".*"));
        expect([title, found.length > 0]).toEqual([title, true]);
      }
    }
  },
  180_000,
);
