import type { HistoryRecordView } from "../connection/types.ts";
import { addEvent, closeSpan, openSpan, type Span, type TakeTrace } from "./span.ts";

/** A reload as a trace: a span for each of its steps, with the process that the step is about. */
export function traceReloads(done: TakeTrace): (record: HistoryRecordView) => void {
  const open = new Map<string, Span>();
  return ({ kind, app, name, at, event, states, reload }) => {
    if (kind !== "reload" || reload === null) return;
    const { by, total, failure } = reload;
    const isStep = event.startsWith("reload.");
    let root = open.get(name);
    if (root === undefined) {
      // One whose begin was before the first record is not told in part.
      if (!isStep || reload.done > 0) return;
      root = openSpan(`reload of ${name}`, at, { "xm.app": app, "xm.by": by, "xm.total": total });
      open.set(name, root);
    }
    const step = root.children.at(-1);
    if (!isStep) return addEvent(step ?? root, event, at);
    if (step !== undefined) closeSpan(step, at);
    if (states === "succeeded" || states === "failed") {
      root.attributes["xm.done"] = reload.done;
      if (failure !== null) {
        root.error = `process ${failure.id}: ${failure.reason}`;
        if (step !== undefined) step.error = failure.reason;
      }
      closeSpan(root, at);
      open.delete(name);
      return done(root);
    }
    const id = reload.ids[reload.done] ?? null;
    root.children.push(openSpan(states, at, { "xm.process.id": id }));
  };
}
