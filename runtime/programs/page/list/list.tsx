import { useEffect, useRef, useState } from "preact/hooks";
import type { ProcessStatus } from "../../../../machines/facts.ts";
import type { ProcessView } from "../../../contract/api/schemas.ts";
import { statusCodes } from "../../../contract/inspector.ts";
import { select } from "../state/connection.ts";
import {
  filter,
  hello,
  lanes,
  keptSamples,
  type Samples,
  moment,
  processes,
  samples,
  samplesVersion,
  selectedId,
} from "../state/store.ts";
import { travelTo } from "../state/travel.ts";
import { bytes, percent, statusMarks, statusWord, troublesText } from "../words.ts";
import { FilterField } from "./filter-field.tsx";
import { matching } from "./matching.ts";
import { Sparkline } from "./sparkline.tsx";
import { visibleRows } from "./visible.ts";

const rowHeight = 58;

/** Who there is: status, CPU and memory of each process. */
export function ProcessList() {
  const scroller = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState({ top: 0, height: 600 });
  const all = [...processes.value.values()].sort((one, other) => one.id - other.id);
  const shown = matching(all, filter.value);
  const at = shown.findIndex(({ id }) => id === selectedId.value);
  const { first, end } = visibleRows({
    count: shown.length,
    rowHeight,
    scrollTop: scroll.top,
    height: scroll.height,
    around: 4,
  });

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = (): void => setScroll({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);

  const choose = (index: number): void => {
    const process = shown[Math.min(shown.length - 1, Math.max(0, index))];
    if (process === undefined) return;
    choosePast(process.id);
    const element = scroller.current;
    if (element === null) return;
    const top = shown.indexOf(process) * rowHeight;
    element.scrollTop = Math.min(
      top,
      Math.max(element.scrollTop, top + rowHeight - element.clientHeight),
    );
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(scroll.height / rowHeight) - 1);
    const to: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: shown.length - 1,
    };
    const index = to[event.key];
    if (index === undefined) return;
    event.preventDefault();
    choose(index);
  };

  return (
    <section class="list" aria-label="Processes">
      <Filter
        found={shown.length === all.length ? String(all.length) : `${shown.length}/${all.length}`}
        onDone={() => {
          if (at < 0) choose(0);
          scroller.current?.focus();
        }}
      />
      <div
        ref={scroller}
        class="rows"
        role="listbox"
        tabIndex={0}
        aria-label="Processes"
        aria-activedescendant={at < 0 ? undefined : `process-${shown[at]?.id}`}
        onKeyDown={onKeyDown}
      >
        <div class="rows-inner" style={{ height: `${shown.length * rowHeight}px` }}>
          {shown.slice(first, end).map((process, index) => (
            <Row
              key={process.id}
              process={process}
              place={first + index}
              count={shown.length}
              isSelected={process.id === selectedId.value}
              version={samplesVersion.value}
              at={moment.value}
            />
          ))}
        </div>
        {shown.length === 0 && (
          <p class="empty">
            {hello.value === null
              ? "Waiting for God…"
              : all.length === 0
                ? "No processes yet."
                : `Nothing matches “${filter.value}”.`}
          </p>
        )}
      </div>
    </section>
  );
}

/** The filter of the list. */
function Filter({ found, onDone }: { found: string; onDone: () => void }) {
  return (
    <div class="filter">
      <FilterField
        onKeyDown={(event) => {
          if (event.key === "Escape") filter.value = "";
          if (event.key === "ArrowDown" || event.key === "Enter") {
            event.preventDefault();
            onDone();
          }
        }}
      />
      <span class="count faint" aria-live="polite">
        {found}
      </span>
    </div>
  );
}

function choosePast(id: number): void {
  select(id);
  if (moment.value !== null) travelTo(moment.value);
}

/** A young process is not drawn in a corner: its data fills at least half of the width. */
function keptOf(known: Samples | undefined): number {
  const count = known?.cpu.length ?? 0;
  return Math.min(keptSamples, Math.max(30, count));
}

/** Its status at a moment, from its lane; `null` when it did not exist. */
function statusAt(id: number, at: number): ProcessStatus | null {
  const status = statusCodes[lanes.of(id)?.codeAt(at) ?? -1];
  return status === undefined || status === "removed" ? null : status;
}

/** A row of now, or of the viewed moment: past memory and CPU are under the lanes. */
function Row(options: {
  process: ProcessView;
  place: number;
  count: number;
  isSelected: boolean;
  version: number;
  at: number | null;
}) {
  const { process, place, count, isSelected, at } = options;
  const { id, name, instance, mode, restarts } = process;
  const status = at === null ? process.status : statusAt(id, at);
  const isUnhealthy = at === null && process.health === "unhealthy";
  const word = status === null ? "not there" : isUnhealthy ? "unhealthy" : statusWord(status);
  const known = samples.get(id);
  const cpu = known?.cpu.at(-1) ?? process.cpuPercent;
  const memory = known?.memory.at(-1) ?? process.memoryBytes;
  const isUp = process.pid !== null && at === null;
  const trouble = at === null ? troublesText(process.troubles) : "";
  return (
    <div
      id={`process-${id}`}
      class={`row${isSelected ? " selected" : ""}`}
      role="option"
      aria-selected={isSelected}
      aria-setsize={count}
      aria-posinset={place + 1}
      aria-label={`${name}, id ${id}, ${word}${at === null ? `, ${restarts} restarts` : " at the moment shown"}${isUp ? `, ${percent(cpu)} CPU, ${bytes(memory)}` : ""}${trouble === "" ? "" : `. ${trouble}`}`}
      style={{ transform: `translateY(${place * rowHeight}px)` }}
      onClick={() => choosePast(id)}
    >
      <span class="row-name" title={name}>
        {trouble !== "" && (
          <span class="trouble" title={trouble} aria-hidden="true">
            {"⚠ "}
          </span>
        )}
        {name}
        {mode === "cluster" && <span class="faint">:{instance}</span>}
      </span>
      <span
        class={`status ${isUnhealthy ? "errored" : (status ?? "removed")}`}
        title={isUnhealthy ? (process.finding ?? undefined) : undefined}
      >
        {status !== null && <span aria-hidden="true">{statusMarks[status]}</span>} {word}
      </span>
      <span class="row-facts faint">
        #{id}
        {restarts > 0 && at === null && ` · ↻ ${restarts}`}
      </span>
      <span class="measure">
        {isUp && (
          <>
            <Sparkline
              kind="cpu"
              values={known?.cpu ?? []}
              most={Math.max(10, ...(known?.cpu ?? []))}
              kept={keptOf(known)}
            />
            <span>{percent(cpu)}</span>
          </>
        )}
      </span>
      <span class="measure">
        {isUp && (
          <>
            <Sparkline
              kind="memory"
              values={known?.memory ?? []}
              most={Math.max(1, ...(known?.memory ?? [])) * 1.15}
              kept={keptOf(known)}
            />
            <span>{bytes(memory)}</span>
          </>
        )}
      </span>
    </div>
  );
}
