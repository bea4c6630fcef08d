import { useState } from "preact/hooks";
import { useRef, useEffect } from "preact/hooks";
import { isAtRest } from "../../contract/words/rest.ts";
import { act, type Action } from "./state/api.ts";
import { tell } from "./state/connection.ts";
import { mayControl, moment, selected } from "./state/store.ts";

const actions: readonly (readonly [Action, string, string])[] = [
  ["start", "Start", "Starts it"],
  ["stop", "Stop", "Stops it and leaves it stopped"],
  ["restart", "Restart", "Restarts it and resets its counters"],
  ["reload", "Reload", "Replaces it without downtime"],
  ["reset", "Reset", "Resets its counters"],
  ["delete", "Delete", "Stops and removes it"],
];

/** Buttons that send events, where God allows it (`xm inspect --control`). */
export function Controls() {
  const [isAsking, setAsking] = useState(false);
  const [busy, setBusy] = useState<Action | null>(null);
  const process = selected.value;
  if (!mayControl.value || process === null) return null;
  const { id, name, status } = process;
  const rests = isAtRest(status);
  const isFutile = (action: Action): boolean =>
    (action === "start" && !rests) || (action === "stop" && status === "stopped");
  const send = async (action: Action): Promise<void> => {
    setAsking(false);
    setBusy(action);
    try {
      const outcome = await act(action, id);
      if (outcome !== undefined) tell(`${name}: ${outcome.message}`, !outcome.ok);
    } catch (error) {
      tell(`${name}: ${error instanceof Error ? error.message : String(error)}`, true);
    } finally {
      setBusy(null);
    }
  };
  return (
    <div class="controls" role="toolbar" aria-label={`Commands to ${name}`}>
      {actions.map(([action, label, title]) => (
        <button
          type="button"
          key={action}
          title={title}
          class={action === "delete" ? "danger" : ""}
          disabled={busy !== null || moment.value !== null || isFutile(action)}
          onClick={() => (action === "delete" ? setAsking(true) : void send(action))}
        >
          {busy === action ? `${label}…` : label}
        </button>
      ))}
      {isAsking && (
        <Confirm
          question={`Delete ${name}?`}
          text="It is stopped and removed. Its logs and history are kept."
          onYes={() => void send("delete")}
          onNo={() => setAsking(false)}
        />
      )}
    </div>
  );
}

/** A question that holds the keyboard until it is answered. */
function Confirm(options: { question: string; text: string; onYes: () => void; onNo: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="question" onCancel={options.onNo}>
      <h2 id="question">{options.question}</h2>
      <p>{options.text}</p>
      <div class="buttons">
        <button type="button" onClick={options.onNo}>
          Keep it
        </button>
        <button type="button" class="danger" onClick={options.onYes}>
          Delete
        </button>
      </div>
    </dialog>
  );
}
