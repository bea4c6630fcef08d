import { duration } from "../../../../machines/lib/words.ts";
import type { ProcessView } from "../../../contract/api/schemas.ts";
import { Sparkline } from "../list/sparkline.tsx";
import { openProcess } from "../state/views.ts";
import { recentUsage } from "../state/usage.ts";
import { samples, samplesVersion } from "../state/store.ts";
import { bytes, percent, statusMarks, statusWord } from "../words.ts";
import { glanceOf, reasonOf } from "./health.ts";

/** Points of a graph at least, and at most: a quarter of an hour, one each ten seconds. */
const [fewest, most] = [12, 90];

/** One process at a glance; it opens its statechart. */
export function Card({ process, now }: { process: ProcessView; now: number }) {
  const { id, name, instance, mode, status, health, namespace, restarts, group } = process;
  const reason = reasonOf(process, now);
  const glance = glanceOf(process);
  const word = health === "unhealthy" ? "unhealthy" : statusWord(status);
  const isUp = process.pid !== null;
  const facts = [
    `#${id}`,
    ...(namespace === "default" ? [] : [namespace]),
    ...(group == null ? [] : [`group ${group.name}`]),
    ...(isUp && process.startedAt !== null ? [`up ${uptime(now - process.startedAt)}`] : []),
    ...(restarts > 0 ? [`↻ ${restarts}`] : []),
  ];
  return (
    <li class={`card ${glance.replace(" ", "-")}`}>
      <button
        type="button"
        onClick={() => openProcess(id)}
        aria-label={`${name}, id ${id}, ${word}`}
      >
        <span class="card-head">
          <span class="card-name" title={name}>
            {name}
            {mode === "cluster" && <span class="faint">:{instance}</span>}
          </span>
          <span class={`status ${glance === "unhealthy" ? "errored" : status}`}>
            <span aria-hidden="true">{statusMarks[status]}</span> {word}
          </span>
        </span>
        <span class="card-facts faint">{facts.join(" · ")}</span>
        {reason !== null && <span class="card-reason">{reason}</span>}
        {isUp && <Measures process={process} version={samplesVersion.value} />}
      </button>
    </li>
  );
}

/** To the minute, once it is that old: a card does not count seconds. */
function uptime(ms: number): string {
  return duration(ms < 60_000 ? Math.floor(ms / 1_000) * 1_000 : Math.floor(ms / 60_000) * 60_000);
}

function Measures({ process }: { process: ProcessView; version: number }) {
  const { id } = process;
  const known = recentUsage.value.get(id);
  const live = samples.get(id);
  const cpu = live?.cpu.at(-1) ?? process.cpuPercent;
  const memory = live?.memory.at(-1) ?? process.memoryBytes;
  const all = { cpu: known?.cpu ?? [], memory: known?.memory ?? [] };
  // A young process is not drawn in a corner.
  const kept = Math.min(most, Math.max(fewest, all.cpu.length));
  return (
    <span class="card-measures">
      <span class="measure">
        <Sparkline kind="cpu" values={all.cpu} most={Math.max(10, ...all.cpu)} kept={kept} />
        <span>{percent(cpu)}</span>
      </span>
      <span class="measure">
        <Sparkline
          kind="memory"
          values={all.memory}
          most={Math.max(1, ...all.memory) * 1.15}
          kept={kept}
        />
        <span>{bytes(memory)}</span>
      </span>
    </span>
  );
}
