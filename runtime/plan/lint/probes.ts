import { duration } from "../../../machines/lib/words.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { assumed, behavioursOf } from "../behaviour.ts";
import { play } from "../play.ts";
import type { Moment } from "../world.ts";
import { evidenceOf, type Finding, type Linted } from "./finding.ts";

/**
 * Probes that end an app while it is starting: with the time that its start takes, or with one that `listen_timeout`
 * allows. Each app is played alone, as if its dependencies were there.
 */
export async function probesThatKill(about: Linted): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const spec of about.specs) {
    const { probes } = spec.policy;
    if (probes === null || (probes.liveness === null && probes.startup === null)) continue;
    const known = about.slowest.get(spec.name) ?? about.times.get(spec.name)?.bootMs;
    const bootMs = Math.max(known ?? 0, about.times.get(spec.name)?.bootMs ?? assumed.bootMs);
    const finding = await findingFor(spec, bootMs);
    if (finding !== null) found.push(finding);
  }
  return found;
}

async function findingFor(spec: AppSpec, bootMs: number): Promise<Finding | null> {
  const { probes, listenTimeoutMs } = spec.policy;
  const killed = await killedIn(spec, bootMs);
  if (killed !== null) return findingOf(spec, { bootMs, killed, level: "error" });
  // A startup probe is the limit of a start itself.
  if (probes?.startup != null || listenTimeoutMs <= bootMs) return null;
  const allowed = await killedIn(spec, listenTimeoutMs);
  return allowed === null
    ? null
    : findingOf(spec, { bootMs: listenTimeoutMs, killed: allowed, level: "warning" });
}

function findingOf(
  spec: AppSpec,
  { bootMs, killed, level }: { bootMs: number; killed: readonly Moment[]; level: Finding["level"] },
): Finding {
  const { name } = spec;
  const probe = killed.at(-1)?.exit?.verdict?.probe === "startup" ? "startup" : "liveness";
  const lived = (killed.at(-1)?.at ?? 0) - (killed[0]?.at ?? 0);
  const time =
    level === "error" ? duration(bootMs) : `${duration(bootMs)}, which listen_timeout allows`;
  return {
    rule: "probe-kills-start",
    level,
    about: name,
    field: `${probe}_probe`,
    message: `a start of ${name} that takes ${time}${level === "error" ? "" : ","} is ended by its ${probe} probe after ${duration(lived)}, and so is every one after it`,
    evidence: evidenceOf(killed),
    fix:
      probe === "startup"
        ? "raise failure_threshold × period of startup_probe above the slowest start"
        : "declare a startup_probe, which holds the others back until it succeeds, or raise initial_delay of liveness_probe",
  };
}

/** The first life of an app whose start takes this long, up to its end by a probe; `null` when none ends it. */
async function killedIn(spec: AppSpec, bootMs: number): Promise<readonly Moment[] | null> {
  const alone = { ...spec, dependsOn: [], instances: 1, autostart: true, group: undefined };
  const behaviours = behavioursOf([alone], {
    times: new Map([[spec.name, { bootMs }]]),
  });
  const { moments } = await play("start", {
    specs: [alone],
    behaviours,
    isEnough: (all) => all.some(({ exit }) => exit?.verdict !== undefined),
  });
  const last = moments.findIndex(({ exit }) => exit?.verdict !== undefined);
  const isStarting = moments[last]?.exit?.uptimeMs ?? Number.POSITIVE_INFINITY;
  if (last < 0 || isStarting > bootMs + spec.policy.killTimeoutMs) return null;
  return moments.slice(0, last + 1).filter(({ kind }) => kind === "process");
}
