import { useSignal, useSignalEffect } from "@preact/signals";
import { About } from "./about.tsx";
import type { MachineName } from "../../contract/inspector.ts";
import { Chart } from "./chart/chart.tsx";
import { Decision } from "./panel/decision.tsx";
import { WhatIf } from "./whatif/whatif.tsx";
import { fetchChart } from "./state/api.ts";
import { tellFault } from "./state/connection.ts";
import { pastReload, shownMachine } from "./state/shown.ts";
import {
  charts,
  connection,
  hello,
  machines,
  moment,
  processes,
  selectedId,
  tab,
} from "./state/store.ts";

const tabs: readonly (readonly [MachineName | "whatif", string])[] = [
  ["process", "Process"],
  ["app", "App"],
  ["reload", "Reload"],
  ["group", "Group"],
  ["god", "God"],
  ["whatif", "What if?"],
];

/** The decision, and the chart that it was made in, or the what-if. */
export function Center() {
  const asked = useSignal<ReadonlySet<MachineName>>(new Set());
  useSignalEffect(() => {
    if (connection.value === "lost") return;
    const name = tab.value === "whatif" ? "process" : tab.value;
    for (const each of new Set<MachineName>(["process", name])) {
      if (charts.value[each] !== undefined || asked.peek().has(each)) continue;
      asked.value = new Set([...asked.peek(), each]);
      fetchChart(each).then(
        (file) => (charts.value = { ...charts.value, [each]: file }),
        (error: unknown) => {
          asked.value = new Set([...asked.peek()].filter((other) => other !== each));
          tellFault(error);
        },
      );
    }
  });
  const current = tab.value;
  return (
    <section class="center" id="statechart" aria-label="Statechart">
      <Decision />
      <div class="tabs" role="tablist" aria-label="Machine" onKeyDown={moveAmongTabs}>
        {tabs.map(([name, label]) => (
          <button
            type="button"
            role="tab"
            key={name}
            id={`tab-${name}`}
            aria-selected={current === name}
            aria-controls="machine"
            tabIndex={current === name ? 0 : -1}
            class={name === "whatif" ? "apart" : ""}
            onClick={() => (tab.value = name)}
          >
            {label}
            {name === "reload" && isReloading() && <span class="dot" title="in progress" />}
          </button>
        ))}
      </div>
      <div class="machine" id="machine" role="tabpanel" aria-labelledby={`tab-${current}`}>
        {current === "whatif" ? <WhatIf key={selectedId.value} /> : <Machine name={current} />}
      </div>
    </section>
  );
}

function Machine({ name }: { name: MachineName }) {
  const file = charts.value[name];
  if (hello.value !== null && processes.value.size === 0 && name !== "god") {
    return (
      <div class="empty">
        <p>No process yet.</p>
        <p>
          <code>xm start app.js</code> starts one; it shows up here at once.
        </p>
      </div>
    );
  }
  if (file === undefined) return <p class="empty">Loading the chart…</p>;
  return (
    <>
      <About name={name} />
      <Chart
        key={name}
        file={file}
        machine={name}
        view={shownMachine.value}
        isLive={moment.value === null}
      />
    </>
  );
}

/** Whether a reload is in progress, or was at the viewed moment. */
function isReloading(): boolean {
  const view = moment.value === null ? machines.value.reload : pastReload.value;
  const states = view?.states ?? [];
  return states.some((id) => /launching|draining|failing/.test(id));
}

/** Arrow keys go from tab to tab (ARIA's pattern for tabs). */
export function moveAmongTabs(event: KeyboardEvent): void {
  const list = event.currentTarget as HTMLElement;
  const all = [...list.querySelectorAll<HTMLButtonElement>('[role="tab"]')];
  const at = all.indexOf(document.activeElement as HTMLButtonElement);
  const to =
    event.key === "ArrowRight"
      ? at + 1
      : event.key === "ArrowLeft"
        ? at - 1
        : event.key === "Home"
          ? 0
          : event.key === "End"
            ? all.length - 1
            : undefined;
  if (to === undefined) return;
  event.preventDefault();
  const next = all[(to + all.length) % all.length];
  next?.focus();
  next?.click();
}
