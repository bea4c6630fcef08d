import { useState } from "preact/hooks";
import { moveAmongTabs } from "../center.tsx";
import { Details } from "./details.tsx";
import { Events } from "./events.tsx";
import { Logs } from "./logs.tsx";

const parts = [
  ["details", "Details", Details],
  ["events", "Events", Events],
  ["logs", "Logs", Logs],
] as const;

/** Details of the selected process, beside its chart. */
export function Panel() {
  const [shown, setShown] = useState<(typeof parts)[number][0]>("details");
  const Part = parts.find(([name]) => name === shown)?.[2] ?? Details;
  return (
    <section class="panel" aria-label="Details">
      <div class="tabs" role="tablist" aria-label="Details" onKeyDown={moveAmongTabs}>
        {parts.map(([name, label]) => (
          <button
            type="button"
            role="tab"
            key={name}
            id={`part-${name}`}
            aria-selected={shown === name}
            aria-controls="part"
            tabIndex={shown === name ? 0 : -1}
            onClick={() => setShown(name)}
          >
            {label}
          </button>
        ))}
      </div>
      <div class="part" id="part" role="tabpanel" aria-labelledby={`part-${shown}`} tabIndex={0}>
        <Part />
      </div>
    </section>
  );
}
