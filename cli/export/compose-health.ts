import type { Check, ProbeSpec } from "../../machines/probes.ts";
import { portIn, startupProbeOf } from "./container-words.ts";
import type { ExportedApp, Tell } from "./contract.ts";
import { nodeOf } from "./exported-apps.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Compose has one check: whether it can serve, else whether it lives, else whether it has started. */
export function composeHealth(app: ExportedApp, tell: Tell): Fields | undefined {
  const { readiness = null, liveness = null } = app.spec.policy.probes ?? {};
  const startup = startupProbeOf(app);
  const all = [
    ["readiness_probe", readiness],
    ["liveness_probe", liveness],
    [app.spec.policy.probe === null ? "startup_probe" : "ready", startup],
  ] as const;
  const declared = all.filter(([, probe]) => probe !== null);
  const usable = declared.filter(([, probe]) => testOf(app, probe) !== undefined);
  for (const [name, probe] of declared)
    if (testOf(app, probe) === undefined)
      tell(name, `a health check cannot ask for ${probe?.check.kind}`);
  const [[chosen, probe] = [undefined, null], ...others] = usable;
  if (probe === null) return undefined;
  for (const [name] of others)
    if (name !== "startup_probe") tell(name, `there is one health check: that of ${chosen}`);
  if (liveness !== null && testOf(app, liveness) !== undefined)
    tell("liveness_probe", "an unhealthy container is marked and not restarted");
  const startMs =
    startup === null ? 0 : startup.initialDelayMs + startup.periodMs * startup.failureThreshold;
  return {
    test: testOf(app, probe),
    interval: `${probe.periodMs}ms`,
    timeout: `${probe.timeoutMs}ms`,
    retries: probe.failureThreshold,
    start_period: `${Math.max(startMs, probe.initialDelayMs)}ms`,
  };
}

function testOf(app: ExportedApp, probe: ProbeSpec | null): string[] | undefined {
  const words = probe === null ? undefined : wordsOf(app, probe.check);
  return words?.map((word) => word.replaceAll("$", "$$$$"));
}

/** Node asks for itself; its slim images have no curl. */
function wordsOf(app: ExportedApp, check: Check): string[] | undefined {
  if (check.kind === "exec") return ["CMD-SHELL", check.command];
  if (check.kind === "http") {
    const port = portIn(app, check.port);
    if (port === undefined) return undefined;
    const host = check.host.includes(":") ? `[${check.host}]` : check.host;
    const url = `${check.isTls ? "https" : "http"}://${host}:${port}${check.path}`;
    const { headers, least, most } = check;
    return nodeOf(app)
      ? [
          "CMD",
          "node",
          "-e",
          `fetch(${JSON.stringify(url)}, { redirect: "manual", headers: ${JSON.stringify(headers)} }).then(({ status }) => process.exit(status >= ${least} && status <= ${most} ? 0 : 1), () => process.exit(1))`,
        ]
      : ["CMD", "curl", "-fsS", "-o", "/dev/null", ...headerWords(headers), url];
  }
  if (check.kind !== "tcp") return undefined;
  const port = portIn(app, check.port);
  if (port === undefined) return undefined;
  return nodeOf(app)
    ? [
        "CMD",
        "node",
        "-e",
        `require("net").connect(${port}, ${JSON.stringify(check.host)}).on("connect", () => process.exit(0)).on("error", () => process.exit(1))`,
      ]
    : ["CMD", "bash", "-c", `: < /dev/tcp/${check.host}/${port}`];
}

const headerWords = (headers: Readonly<Record<string, string>>): string[] =>
  Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
