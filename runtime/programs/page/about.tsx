import type { MachineName } from "../../contract/inspector.ts";
import type { Generation } from "./moment/roles.ts";
import type { ReloadMoment } from "./moment/reload.ts";
import { generations, lastReload, shownMachine, shownPast } from "./state/shown.ts";
import { generation, machines, moment, now, recorded } from "./state/store.ts";
import { moment as momentText, statusMarks, statusWord } from "./words.ts";

/** Above a chart: the description of its machine; above a process's, which of several generations it shows. */
export function About({ name }: { name: MachineName }) {
  if (name === "process") return <Generations />;
  const said = moment.value === null ? live(name) : then(name);
  return said === "" ? null : (
    <p class="hint" aria-live="polite">
      {said}
    </p>
  );
}

function live(name: MachineName): string {
  const sentence = shownMachine.value?.sentence ?? "";
  if (name === "group" && shownMachine.value === null)
    return "Its app belongs to no group. This is the plain chart.";
  if (name !== "reload" || machines.value.reload !== undefined) return sentence;
  const last = lastReload.value;
  return last === null
    ? "No reload of its app is in progress, and none is recorded. This is the plain chart."
    : `No reload of its app is in progress. The last one, ${momentText(last.record.at, now())}: ${sentence}`;
}

function then(name: MachineName): string {
  const past = shownPast.value;
  if (past === null) {
    if (recorded[name === "god" || name === "group" ? "god" : "app"].isReading.value)
      return "Reading the history…";
    return {
      process: "",
      app: "The history has no record of its app at this moment.",
      reload: "No reload of its app is recorded before this moment. This is the plain chart.",
      group: "No group of its app is recorded at this moment.",
      god: "No God is recorded at this moment.",
    }[name];
  }
  const { machine, note, record } = past;
  const isOver = name === "reload" && (past as ReloadMoment).isOver;
  return [
    isOver
      ? `No reload of its app was in progress. The last one before, ${momentText(record.at, now())}:`
      : null,
    machine.sentence,
    note,
  ]
    .filter((part) => part !== null && part !== "")
    .join(" ");
}

const words: Readonly<Record<Generation["role"], string>> = {
  serving: "serves",
  replacement: "replacement",
  leaving: "leaves",
};

/** During a reload two processes with one id live: either can be viewed. */
function Generations() {
  const all = generations.value;
  if (all.length < 2) return null;
  const shown = all.find((each) => each.generation === generation.value) ?? all[0];
  return (
    <div class="hint generations" role="group" aria-label="Generations of the process">
      <span>In a reload:</span>
      <div class="segments">
        {all.map((each) => (
          <button
            type="button"
            key={each.generation}
            aria-pressed={each === shown}
            onClick={() => (generation.value = each.generation)}
          >
            generation {each.generation}, {words[each.role]}
            {each.status !== null && (
              <span class={`status ${each.status}`}>
                {" "}
                <span aria-hidden="true">{statusMarks[each.status]}</span> {statusWord(each.status)}
              </span>
            )}
          </button>
        ))}
      </div>
    </div>
  );
}
