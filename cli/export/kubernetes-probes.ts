import type { ProbeSpec } from "../../machines/probes.ts";
import { portIn, secondsOf, startupProbeOf } from "./container-words.ts";
import type { ExportedApp, Tell } from "./contract.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The same words as ours; times are whole seconds there. */
export function kubernetesProbes(app: ExportedApp, tell: Tell): Fields {
  const { readiness = null, liveness = null } = app.spec.policy.probes ?? {};
  const all = [
    ["startupProbe", startupProbeOf(app), "startup_probe"],
    ["readinessProbe", readiness, "readiness_probe"],
    ["livenessProbe", liveness, "liveness_probe"],
  ] as const;
  const found = all.flatMap(([name, probe, field]) => {
    if (probe === null) return [];
    const handler = handlerOf(app, probe, (why) => tell(field, why));
    return handler === undefined ? [] : [[name, { ...handler, ...timesOf(name, probe) }] as const];
  });
  return Object.fromEntries(found);
}

function handlerOf(
  app: ExportedApp,
  { check }: ProbeSpec,
  tell: (why: string) => void,
): Fields | undefined {
  if (check.kind === "exec") return { exec: { command: ["sh", "-c", check.command] } };
  if (check.kind !== "http" && check.kind !== "tcp") {
    tell(`a probe cannot ask for ${check.kind}`);
    return undefined;
  }
  const port = portIn(app, check.port);
  if (port === undefined) {
    tell(`the port ${check.port} is not known`);
    return undefined;
  }
  const isLoopback = ["127.0.0.1", "localhost", "::1"].includes(check.host);
  if (isLoopback)
    tell("the pod's address is asked: the app has to listen on it, not on 127.0.0.1 only");
  const host = isLoopback ? {} : { host: check.host };
  if (check.kind === "tcp") return { tcpSocket: { port, ...host } };
  if (check.least !== 200 || check.most !== 399)
    tell(`every status from 200 to 399 is good, not only ${check.least} to ${check.most}`);
  const headers = Object.entries(check.headers).map(([name, value]) => ({ name, value }));
  return {
    httpGet: {
      path: check.path,
      port,
      ...host,
      ...(check.isTls ? { scheme: "HTTPS" } : {}),
      ...(headers.length === 0 ? {} : { httpHeaders: headers }),
    },
  };
}

/** A startup or liveness probe succeeds with one answer; a probe that is asked every half second keeps its whole time. */
function timesOf(name: string, probe: ProbeSpec): Fields {
  const periodSeconds = secondsOf(probe.periodMs);
  const failures = Math.ceil((probe.failureThreshold * probe.periodMs) / (periodSeconds * 1_000));
  return {
    ...(probe.initialDelayMs > 0 ? { initialDelaySeconds: secondsOf(probe.initialDelayMs) } : {}),
    periodSeconds,
    timeoutSeconds: secondsOf(probe.timeoutMs),
    failureThreshold: Math.max(1, failures),
    ...(name === "readinessProbe" && probe.successThreshold > 1
      ? { successThreshold: probe.successThreshold }
      : {}),
    ...(name === "readinessProbe" || probe.graceMs === undefined
      ? {}
      : { terminationGracePeriodSeconds: secondsOf(probe.graceMs) }),
  };
}
