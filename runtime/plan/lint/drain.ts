import { defaults } from "../../contract/fields/defaults.ts";
import { duration } from "../../../machines/lib/words.ts";
import { behavioursOf } from "../behaviour.ts";
import { play } from "../play.ts";
import { evidenceOf, type Finding, type Linted } from "./finding.ts";

/** Apps with a drain_timeout of their own that a stop kills before it is over: the requests in flight are lost. */
export async function drainsCutShort({ specs }: Linted): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const spec of specs) {
    const { drain, drainTimeoutMs, killTimeoutMs } = spec.policy;
    const isOwn = drainTimeoutMs !== defaults.drainTimeoutMs;
    if (!drain || !isOwn || drainTimeoutMs <= killTimeoutMs) continue;
    const alone = { ...spec, dependsOn: [], instances: 1, autostart: true, group: undefined };
    const known = { times: new Map([[spec.name, { stopMs: drainTimeoutMs }]]) };
    const behaviours = behavioursOf([alone], known);
    const { moments } = await play("stop", { specs: [alone], behaviours });
    if (moments.every(({ states }) => !states.includes("stopping.forced"))) continue;
    found.push({
      rule: "kill-timeout-below-drain",
      level: "warning",
      about: spec.name,
      field: "kill_timeout",
      message: `\`xm stop\` and \`xm restart\` kill ${spec.name} after ${duration(killTimeoutMs)} (kill_timeout), while its requests have ${duration(drainTimeoutMs)} (drain_timeout) only in a reload`,
      evidence: evidenceOf(moments),
      fix: `kill_timeout: ${drainTimeoutMs}`,
    });
  }
  return found;
}
