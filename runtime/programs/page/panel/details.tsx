import { descriptions } from "../../../../machines/descriptions.ts";
import type { GuardReading } from "../../../contract/inspector.ts";
import { sawInWords, comparedOf } from "../moment/guards.ts";
import { shownMachine, shownPast } from "../state/shown.ts";
import { moment, selectedId } from "../state/store.ts";
import { Json } from "./json.tsx";

/** Guards asked within this time were asked together; ms. */
const sameMs = 100;

/** The last answers of the guards, and the context. */
export function Details() {
  const view = shownMachine.value;
  const isPast = moment.value !== null;
  if (selectedId.value === null && view === null) {
    return <p class="empty">No process is chosen.</p>;
  }
  if (view === null) {
    return (
      <p class="empty">
        {isPast ? "No record of this machine at this moment." : "This machine has no data now."}
      </p>
    );
  }
  const missing = shownPast.value?.missing ?? [];
  const latest = Math.max(0, ...view.guards.map(({ at }) => at));
  const isOld = ({ at }: GuardReading): boolean => latest - at > sameMs;
  // Those of the last decision first, and of them the one that held; else in the order they were asked.
  const guards = view.guards.toSorted(
    (one, other) =>
      Number(isOld(one)) - Number(isOld(other)) || Number(other.result) - Number(one.result),
  );
  return (
    <>
      <h3>Guards, as last evaluated</h3>
      {guards.length === 0 ? (
        <p class="faint">
          {isPast
            ? "No answers recorded at this moment."
            : "None evaluated while this page was open."}
        </p>
      ) : (
        <table class="guards">
          <thead class="visually-hidden">
            <tr>
              <th>Guard</th>
              <th>Result</th>
              <th>Compared</th>
            </tr>
          </thead>
          <tbody>
            {guards.map((guard) => (
              <tr
                key={guard.guard}
                class={isOld(guard) ? "old" : ""}
                title={descriptions[guard.guard]}
              >
                <th scope="row">{guard.guard}</th>
                <td class={guard.result ? "holds" : "fails"}>
                  {guard.result ? "✓" : "✗"}
                  <span class="visually-hidden">{guard.result ? "holds" : "does not hold"}</span>
                </td>
                <td title={sawInWords(guard)}>{comparedOf(guard)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <h3>Context</h3>
      <Json value={view.context} />
      {isPast && missing.length > 0 && (
        <p class="faint missing">Not in the history: {missing.join(", ")}.</p>
      )}
    </>
  );
}
