import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { until } from "./condition.ts";
import type { TestHome } from "./home.ts";
import type { Load } from "./load.ts";

/** An app of two processes. */
export interface ClusterApp {
  pids(): Promise<number[]>;
  reload(): Promise<void>;
}

/**
 * Starts one of the programs in `tests/fixtures/cluster` as a cluster of two.
 * @param options.fields more of what an ecosystem file may say.
 */
export async function startCluster(
  home: TestHome,
  options: { program: string; env?: Record<string, string | number>; fields?: object },
): Promise<ClusterApp> {
  const { program, env = {}, fields = {} } = options;
  const script = join(import.meta.dirname, "../fixtures/cluster", program);
  // Readiness on a loaded machine takes what it takes; how long is not what is tested.
  const limits = { listen_timeout: 20_000 };
  const app = {
    name: "app",
    script,
    exec_mode: "cluster",
    instances: 2,
    ...limits,
    env,
    ...fields,
  };
  await home.ok("start", home.file("apps.json", JSON.stringify({ apps: [app] })));
  const list = await home.list();
  expect(list.map(({ mode, status }) => [mode, status])).toEqual([
    ["cluster", "online"],
    ["cluster", "online"],
  ]);
  return {
    pids: async () => (await home.list()).map(({ pid }) => pid ?? 0),
    reload: async () => void (await home.ok("reload", "app")),
  };
}

/**
 * Reloads an app while loads run whose answers are pids. Fails unless every process is another one afterwards, each
 * load was answered by the old ones before and by the new ones after it, and no request of it failed.
 */
export async function reloadUnder(app: ClusterApp, loads: readonly Load[]): Promise<void> {
  const before = await app.pids();
  const answeredBy = (pids: readonly number[]): boolean =>
    loads.every((load) => pids.some((pid) => load.count().answers[pid] !== undefined));
  const saw = { saw: () => loads.map((load) => load.count()) };
  await until("answers of the old processes", () => answeredBy(before), saw);
  await app.reload();
  const after = await app.pids();
  await until("answers of the new processes", () => answeredBy(after), saw);
  const results = await Promise.all(loads.map((load) => load.stop()));
  expect(results.map(({ failed, failures }) => ({ failed, failures }))).toEqual(
    loads.map(() => ({ failed: 0, failures: {} })),
  );
  expect(new Set([...before, ...after]).size).toBe(4);
  const strangers = results
    .flatMap(({ answers }) => Object.keys(answers))
    .filter((pid) => ![...before, ...after].includes(Number(pid)));
  expect(strangers).toEqual([]);
}

/** A key and a certificate of 127.0.0.1 that is its own authority, in the home's folder. */
export function certificate(home: TestHome): { key: string; cert: string; ca: string } {
  const key = join(home.folder, "key.pem");
  const cert = join(home.folder, "cert.pem");
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", cert], {
    stdio: "pipe",
  });
  return { key, cert, ca: readFileSync(cert, "utf8") };
}
