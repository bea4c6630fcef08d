import { useEffect, useRef, useState } from "preact/hooks";
import { followLogs } from "../state/api.ts";
import { connection, now, selected, selectedId } from "../state/store.ts";
import { clock } from "../words.ts";
import {
  isWanted,
  LogBuffer,
  mostSearched,
  nothingWanted,
  partsOf,
  patternOf,
  type Line,
  type Wanted,
} from "./log-buffer.ts";
import { LogSearch } from "./log-search.tsx";

/** Characters of a line that are shown. */
const shownCharacters = 4_000;

/** Lines that are read at first, while nothing is looked for. */
const firstLines = 200;

/** The logs of the selected process, followed live, or what is looked for in them. */
export function Logs() {
  const buffer = useRef(new LogBuffer());
  const [wanted, setWanted] = useState<Wanted>(nothingWanted);
  const [, redraw] = useState(0);
  const [fault, setFault] = useState<string | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const id = selectedId.value;
  const isThere = selected.value !== null;
  const isOpen = connection.value === "open";
  const searches = isWanted(wanted);
  const pattern = safePattern(wanted.text);

  useEffect(() => {
    if (id === null || !isThere || !isOpen) return;
    const abort = new AbortController();
    buffer.current.clear();
    setFault(null);
    const show = (lines: readonly Line[]): void => {
      if (abort.signal.aborted) return;
      buffer.current.add(lines);
      redraw((count) => count + 1);
    };
    void follow({ id, lines: searches ? mostSearched : firstLines }, abort.signal, show, setFault);
    return () => abort.abort();
  }, [id, isThere, isOpen, searches]);

  useEffect(() => {
    if (pattern instanceof SyntaxError) return;
    buffer.current.want(wanted, now());
    isAtEnd.current = true;
    redraw((count) => count + 1);
  }, [wanted]);

  const { shown, found, count } = buffer.current;
  useEffect(() => {
    const element = box.current;
    if (element !== null && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [shown]);

  if (id === null) return <p class="empty">No process is chosen.</p>;
  if (!isThere) return <p class="empty">It was removed; its log files are kept.</p>;
  const marked = pattern instanceof SyntaxError ? null : pattern;
  return (
    <div class="log-panel">
      <LogSearch
        wanted={wanted}
        onChange={setWanted}
        fault={pattern instanceof SyntaxError ? pattern.message : null}
        told={searches ? `${found} of the last ${count} lines` : null}
        isCut={searches && count >= mostSearched}
      />
      <div
        ref={box}
        class="logs"
        role="log"
        aria-label="Log lines"
        aria-live="off"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
          (isAtEnd.current = scrollTop + clientHeight > scrollHeight - 24)
        }
      >
        {fault !== null && <p class="fault">{fault}</p>}
        {shown.length === 0 && fault === null && (
          <p class="empty">{searches && count > 0 ? "No line matches." : "No output yet."}</p>
        )}
        {shown.map(({ number, stream, text, at }) => (
          <p key={number} class={stream}>
            <span class="stream">{stream}</span>
            {at !== null && <time>{clock(at, false)}</time>}
            <span class="log-text">
              {partsOf(text, marked).map((part, index) =>
                index % 2 === 1 ? <mark key={index}>{part}</mark> : part,
              )}
            </span>
          </p>
        ))}
      </div>
    </div>
  );
}

function safePattern(text: string): RegExp | SyntaxError | null {
  try {
    return patternOf(text);
  } catch (error) {
    if (error instanceof SyntaxError) return error;
    throw error;
  }
}

/** Takes lines as they come and shows them once per frame. */
async function follow(
  { id, lines }: { id: number; lines: number },
  signal: AbortSignal,
  show: (lines: readonly Line[]) => void,
  fail: (fault: string) => void,
): Promise<void> {
  let number = 0;
  let waiting: Line[] = [];
  const flush = (): void => {
    const come = waiting;
    waiting = [];
    show(come);
  };
  try {
    for await (const { stream, line, at } of followLogs(id, lines, signal)) {
      number += 1;
      if (waiting.length === 0) requestAnimationFrame(flush);
      waiting.push({ number, stream, text: withoutEscapes(line).slice(0, shownCharacters), at });
      if (waiting.length > mostSearched) waiting = waiting.slice(-mostSearched);
    }
  } catch (error) {
    if (!signal.aborted && connection.value === "open") fail(String(error));
  }
}

/** Colours are for terminals. */
function withoutEscapes(text: string): string {
  // oxlint-disable-next-line no-control-regex -- an escape sequence begins with one
  return text.replaceAll(/\u001B\[[\d;?]*[A-Za-z]/g, "");
}
