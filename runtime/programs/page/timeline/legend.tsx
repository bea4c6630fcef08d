import { useEffect, useRef, useState } from "preact/hooks";
import { statusCodes } from "../../../contract/inspector.ts";
import { statusMarks, statusWord } from "../words.ts";
import { glyphs } from "./paint.ts";

/** The meaning of a mark's letter. */
const words: Readonly<Record<keyof typeof glyphs, string>> = {
  exit: "it ended",
  memory: "over its memory limit",
  watch: "a watched file changed",
  cron: "its cron pattern",
  heartbeat: "its heartbeat failed",
  cpu: "its CPU limit",
  age: "its age limit",
  liveness: "its liveness probe failed",
  restart: "a restart was requested",
  reload: "a reload",
  version: "another version from here on",
};

/** Every status but `removed`, which is not drawn. */
const statuses = statusCodes.filter((status) => status !== "removed");

/** The meaning of the time-line's colours, where there is room; a button shows the full legend. */
export function Legend() {
  const [isOpen, setIsOpen] = useState(false);
  const host = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const outside = (event: Event): void => {
      if (!(event.target instanceof Node) || host.current?.contains(event.target) === true) return;
      setIsOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [isOpen]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !isOpen) return;
    event.preventDefault();
    setIsOpen(false);
    button.current?.focus();
  };
  return (
    <>
      <ul class="legend" aria-label="Colours">
        {statuses.map((status) => (
          <li key={status}>
            <span class={`swatch ${status}`} /> {statusWord(status)}
          </li>
        ))}
      </ul>
      <div class="legend-more" ref={host} onKeyDown={onKeyDown}>
        <button
          type="button"
          ref={button}
          aria-expanded={isOpen}
          aria-controls="legend"
          onClick={() => setIsOpen(!isOpen)}
          title="Meaning of the colours and marks"
        >
          Legend
        </button>
        <div class="legend-all" id="legend" role="group" aria-label="Legend" hidden={!isOpen}>
          <h3>Colours</h3>
          <dl>
            {statuses.map((status) => (
              <div key={status}>
                <dt>
                  <span class={`swatch ${status}`} />
                </dt>
                <dd>
                  <span aria-hidden="true">{statusMarks[status]}</span> {statusWord(status)}
                </dd>
              </div>
            ))}
            <div>
              <dt>
                <span class="swatch strip" />
              </dt>
              <dd>a strip below: another generation, in a reload</dd>
            </div>
          </dl>
          <h3>Marks</h3>
          <dl>
            {Object.entries(glyphs).map(([kind, glyph]) => (
              <div key={kind}>
                <dt>
                  <kbd>{glyph}</kbd>
                </dt>
                <dd>{words[kind as keyof typeof glyphs]}</dd>
              </div>
            ))}
            <div>
              <dt>
                <span class="flag">God</span>
              </dt>
              <dd>a God started</dd>
            </div>
          </dl>
        </div>
      </div>
    </>
  );
}
