import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { FilterField } from "../list/filter-field.tsx";
import { matching } from "../list/matching.ts";
import { useNow } from "../panel/use-now.ts";
import { clockOffset, filter, hello, processes } from "../state/store.ts";
import { keepRecentUsage } from "../state/usage.ts";
import { Card } from "./card.tsx";
import { glanceOf, glances, worstFirst, type Glance } from "./health.ts";

/** All processes as cards, the worst first. */
export function Home() {
  const only = useSignal<Glance | null>(null);
  const now = useNow(5_000) + clockOffset.value;
  useEffect(keepRecentUsage, []);
  const all = [...processes.value.values()];
  const found = matching(all, filter.value);
  const counts = new Map(glances.map((glance) => [glance, 0]));
  for (const each of found) counts.set(glanceOf(each), (counts.get(glanceOf(each)) ?? 0) + 1);
  const shown = worstFirst(found).filter(
    (each) => only.value === null || glanceOf(each) === only.value,
  );
  return (
    <main class="overview" aria-label="Overview">
      <div class="overview-bar">
        <FilterField />
        <div class="chips" role="group" aria-label="Show only">
          <Chip
            label="all"
            count={found.length}
            isOn={only.value === null}
            onClick={() => (only.value = null)}
          />
          {glances
            .filter((glance) => (counts.get(glance) ?? 0) > 0 || only.value === glance)
            .map((glance) => (
              <Chip
                key={glance}
                label={glance}
                count={counts.get(glance) ?? 0}
                isOn={only.value === glance}
                onClick={() => (only.value = only.value === glance ? null : glance)}
              />
            ))}
        </div>
      </div>
      <ul class="cards">
        {shown.map((process) => (
          <Card key={process.id} process={process} now={now} />
        ))}
      </ul>
      {shown.length === 0 && (
        <p class="empty">
          {hello.value === null
            ? "Waiting for God…"
            : all.length === 0
              ? "No processes yet. xm start app.js starts one; it shows up here at once."
              : "Nothing matches."}
        </p>
      )}
    </main>
  );
}

function Chip(options: { label: string; count: number; isOn: boolean; onClick: () => void }) {
  const { label, count, isOn, onClick } = options;
  return (
    <button
      type="button"
      class={`chip ${label.replace(" ", "-")}`}
      aria-pressed={isOn}
      onClick={onClick}
    >
      {label} <span class="number">{count}</span>
    </button>
  );
}
