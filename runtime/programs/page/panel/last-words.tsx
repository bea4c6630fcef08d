import type { ExitFact } from "../../../../machines/exit.ts";
import { meaningOf } from "../../../../machines/exit-dictionary.ts";
import { plain } from "../../../contract/plain.ts";
import { past, shownLife } from "../state/shown.ts";
import { moment, selected } from "../state/store.ts";

/** As many of the last lines as leave room for the chart. */
const mostLines = 3;

interface Judged {
  readonly lastExit?: ExitFact | null;
  readonly spec?: { readonly interpreter: string | null };
}

/** What the program said last before its latest end, and what that means. */
export function LastWords() {
  const isPast = moment.value !== null;
  const context = (isPast ? past.value?.machine.context : shownLife.value?.context) as
    | Judged
    | undefined;
  const exit = context?.lastExit ?? (isPast ? null : selected.value?.lastExit);
  if (exit == null) return null;
  const isNode = /(^|\/)node(js)?$/.test(context?.spec?.interpreter ?? "");
  const meaning = meaningOf(exit, { isNode });
  const lines = exit.lastWords ?? [];
  if (lines.length === 0 && meaning === null) return null;
  return (
    <div class="last-words">
      {lines.length > 0 && (
        <pre title={plain(lines.join("\n"))}>{lines.slice(0, mostLines).map(plain).join("\n")}</pre>
      )}
      {meaning !== null && <p>That means: {meaning}.</p>}
    </div>
  );
}
